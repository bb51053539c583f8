"""System libraries (Debian packages), in the manner of Drake.

Their headers lie on the compiler's own search path, so a BUILD file only
carries link flags; the rules check that the package is installed. The versions
of the library's own packages and of those that nearly everything is compiled
with (tools/bazel puts the versions of all into the environment) are written to a
header that every user of the library depends on, so that an upgraded package is
compiled anew.
"""

_VERSIONS = "PDARTS_SYSTEM_VERSIONS"
_COMMON = [
    "g++-12",
    "libabsl-dev",
    "libgmock-dev",
    "libgoogle-glog-dev",
    "libgtest-dev",
    "libprotobuf-dev",
    "libssl-dev",
    "libstdc++-12-dev",
]

def _require(ctx, header, package):
    path = ctx.path("/usr/include/" + header)
    if not path.exists:
        fail("\n\n  @%s needs <%s>, which is not installed.\n  Install it with: sudo apt-get install %s\n  (or run ./bazelw, which does)\n" % (ctx.name, header, package))

def _write_common_files(ctx, packages):
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
    versions = [
        v + " "
        for v in ctx.os.environ.get(_VERSIONS, "").split(" ")
        if v.split("=")[0] in _COMMON + packages
    ]
    ctx.file("installed_versions.h", "// %s\n" % ("".join(versions) or "unknown"))
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")

def _system_library_impl(ctx):
    _require(ctx, ctx.attr.header, ctx.attr.apt_package)
    _write_common_files(ctx, ctx.attr.apt_package.split(" "))

system_library = repository_rule(
    implementation = _system_library_impl,
    attrs = {
        "apt_package": attr.string(mandatory = True),
        "build_file": attr.label(mandatory = True, allow_single_file = True),
        "header": attr.string(mandatory = True),
    },
    environ = [_VERSIONS],
)

def _system_protobuf_impl(ctx):
    _require(ctx, "google/protobuf/any.proto", "libprotobuf-dev")
    protoc = ctx.which("protoc")
    if not protoc:
        fail("\n\n  @%s needs protoc.\n  Install it with: sudo apt-get install protobuf-compiler\n" % ctx.name)
    ctx.symlink(protoc, "protoc_bin")
    for p in ctx.path("/usr/include/google/protobuf").readdir():
        if p.basename.endswith(".proto"):
            ctx.symlink(p, "include/google/protobuf/" + p.basename)
    _write_common_files(ctx, [])

system_protobuf = repository_rule(
    implementation = _system_protobuf_impl,
    attrs = {"build_file": attr.label(mandatory = True, allow_single_file = True)},
    environ = [_VERSIONS],
)

def _system_files_impl(ctx):
    for file in ctx.attr.files:
        path = ctx.path(file)
        if not path.exists:
            fail("\n\n  @%s needs %s, which is not installed.\n  Install it with: sudo apt-get install %s\n  (or run ./bazelw, which does)\n" % (ctx.name, file, ctx.attr.apt_package))
        ctx.symlink(path, path.basename)
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
    ctx.file("BUILD.bazel", "exports_files(%r)\n" % [f.split("/")[-1] for f in ctx.attr.files])

# Files of a Debian package that are inputs of actions themselves: their content is part of the
# cache key.
system_files = repository_rule(
    implementation = _system_files_impl,
    attrs = {
        "apt_package": attr.string(mandatory = True),
        "files": attr.string_list(mandatory = True),
    },
    environ = [_VERSIONS],
)
