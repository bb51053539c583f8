"""Python packages for a test, from the wheels that a lock file names. Fetched only where it is run."""

_PROGRAM = """
import sys, zipfile, glob
for wheel in sorted(glob.glob("wheels/*.whl")):
    zipfile.ZipFile(wheel).extractall("site")
"""

def _python_wheels_impl(ctx):
    python = ctx.which("python3")
    if not python:
        fail("@%s needs python3 and pip: sudo apt-get install python3-pip" % ctx.name)

    # What the name leads to: wheels are of one version of Python, so that the test must use the same.
    interpreter = ctx.execute([python, "-c", "import sys; print(sys.executable)"]).stdout.strip()
    ctx.report_progress("downloading the wheels of " + ctx.attr.lock.name)
    result = ctx.execute(
        [interpreter, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", "--no-cache-dir"] +
        ["--only-binary=:all:", "-d", "wheels", "-r", ctx.path(ctx.attr.lock)],
        timeout = 600,
        quiet = False,
    )
    if result.return_code != 0:
        fail("\n\n  @%s: pip could not download the wheels of %s:\n%s" % (ctx.name, ctx.attr.lock, result.stderr))
    result = ctx.execute([interpreter, "-c", _PROGRAM])
    if result.return_code != 0:
        fail("@%s: %s" % (ctx.name, result.stderr))
    ctx.delete("wheels")
    ctx.file("python3", "#!/bin/sh\nexec %s \"$@\"\n" % interpreter, executable = True)
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)

    # The folder as it is, not its thousands of files.
    ctx.file("BUILD.bazel", "exports_files([\"python3\", \"site\"])\n")

python_wheels_repository = repository_rule(
    implementation = _python_wheels_impl,
    attrs = {"lock": attr.label(mandatory = True, allow_single_file = True)},
)
