"""Python packages that a test imports: wheels named by lock files, unpacked whole."""

def _python_packages_impl(ctx):
    python = ctx.which("python3")
    if not python:
        fail("@%s needs python3 and pip: sudo apt-get install python3-pip" % ctx.name)
    requirements = []
    for lock in ctx.attr.locks:
        requirements += ["-r", ctx.path(lock)]
    ctx.report_progress("installing Python packages")

    # Without dependencies: the locks name them all. The wheels are those for the Python that runs the test.
    result = ctx.execute(
        [python, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "--no-cache-dir", "--no-compile", "--root-user-action=ignore"] +
        ["--only-binary=:all:", "--target", "site-packages"] + requirements,
        timeout = 3600,
        quiet = False,
    )
    if result.return_code != 0:
        fail("\n\n  @%s: pip could not install what its locks name:\n%s" % (ctx.name, result.stderr))
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
