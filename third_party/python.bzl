"""Python packages that a test imports: wheels named by lock files, unpacked whole."""

load("//third_party:libtorch.bzl", "PIP_TARGET")

def _python_packages_impl(ctx):
    python = ctx.which("python3")
    if not python:
        fail("@%s needs python3 and pip: sudo apt-get install python3-pip" % ctx.name)
    for lock in ctx.attr.locks:
        ctx.report_progress("installing what %s names" % lock.name)

        # Without dependencies: the locks name them all.
        result = ctx.execute(
            [python, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "--no-cache-dir", "--no-compile", "--root-user-action=ignore"] +
            PIP_TARGET + ["--target", "site-packages", "-r", ctx.path(lock)],
            timeout = 3600,
            quiet = False,
        )
        if result.return_code != 0:
            fail("\n\n  @%s: pip could not install %s:\n%s" % (ctx.name, lock, result.stderr))
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)

    # One input, not one for each of its many files.
    ctx.file("BUILD.bazel", """filegroup(
    name = "site_packages",
    srcs = ["site-packages"],
    visibility = ["//visibility:public"],
)
""")

python_packages = repository_rule(
    implementation = _python_packages_impl,
    attrs = {"locks": attr.label_list(mandatory = True, allow_files = True)},
)
