"""System libraries (packages of Debian or Ubuntu), in the manner of Drake.

Their headers lie on the compiler's own search path, so a BUILD file only
carries link flags; the rules check that the package is installed. The versions
of the library's own packages and of those that nearly everything is compiled
with (tools/bazel puts the versions of all into the environment) are written to a
header that every user of the library depends on, so that an upgraded package is
compiled anew.
"""

_VERSIONS = "PDARTS_SYSTEM_VERSIONS"
_COMMON = [
    "libabsl-dev",
    "libgmock-dev",
    "libgoogle-glog-dev",
    "libgtest-dev",
    "libprotobuf-dev",
    "libssl-dev",
]

# The names of the compiler's packages end in its version, which depends on the release.
_COMPILER_PREFIXES = ("g++-", "libstdc++-")

def _is_common(package):
    return package in _COMMON or package.startswith(_COMPILER_PREFIXES)

def _require(ctx, header, package):
    path = ctx.path("/usr/include/" + header)
    if not path.exists:
        fail("\n\n  @%s needs <%s>, which is not installed.\n  Install it with: sudo apt-get install %s\n  (or run ./bazelw, which does)\n" % (ctx.name, header, package))

def _write_common_files(ctx, packages):
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
    versions = []
    for version in ctx.os.environ.get(_VERSIONS, "").split(" "):
        package = version.split("=")[0]
        if package in packages or _is_common(package):
            versions.append(version + " ")
    ctx.file("installed_versions.h", "// %s\n" % ("".join(versions) or "unknown"))

def _system_library_impl(ctx):
    _require(ctx, ctx.attr.header, ctx.attr.apt_package)
    _write_common_files(ctx, ctx.attr.apt_package.split(" "))
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")

system_library = repository_rule(
    implementation = _system_library_impl,
    attrs = {
        "apt_package": attr.string(mandatory = True),
        "build_file": attr.label(mandatory = True, allow_single_file = True),
        "header": attr.string(mandatory = True),
    },
    environ = [_VERSIONS],
)

def _pkg_config(ctx, arguments):
    """Returns what pkg-config prints when it is called with the arguments."""
    pkg_config = ctx.which("pkg-config")
    if not pkg_config:
        fail("\n\n  @%s needs pkg-config.\n  Install it with: sudo apt-get install pkgconf\n  (or run ./bazelw, which does)\n" % ctx.name)
    result = ctx.execute([pkg_config] + arguments)
    if result.return_code != 0:
        fail("@%s: pkg-config failed: %s" % (ctx.name, result.stderr))
    return result.stdout

def _system_absl_impl(ctx):
    _require(ctx, "absl/status/statusor.h", "libabsl-dev")
    _write_common_files(ctx, [])
    listed = [line.split(" ")[0] for line in _pkg_config(ctx, ["--list-all"]).splitlines()]
    modules = sorted([name for name in listed if name.startswith("absl_")])
    if not modules:
        fail("@%s: pkg-config knows no module of Abseil: is libabsl-dev installed completely?" % ctx.name)

    # Modules for tests name GoogleTest's libraries too, which @com_google_googletest links.
    libraries = {
        flag: None
        for flag in _pkg_config(ctx, ["--libs-only-l"] + modules).strip().split(" ")
        if flag.startswith("-labsl_")
    }
    ctx.template("BUILD.bazel", ctx.attr.build_file, {"%{LIBRARIES}": repr(libraries.keys())})

system_absl = repository_rule(
    implementation = _system_absl_impl,
    attrs = {"build_file": attr.label(mandatory = True, allow_single_file = True)},
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
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")

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

# Files of a package that are inputs of actions themselves: their content is part of the
# cache key.
system_files = repository_rule(
    implementation = _system_files_impl,
    attrs = {
        "apt_package": attr.string(mandatory = True),
        "files": attr.string_list(mandatory = True),
    },
    environ = [_VERSIONS],
)

def _system_openmpi_impl(ctx):
    pkg_config = ctx.which("pkg-config")
    if not pkg_config or ctx.execute([pkg_config, "--exists", "ompi-c"]).return_code != 0:
        fail("\n\n  @%s needs Open MPI (--config=mpi).\n  Install it with: sudo apt-get install libopenmpi-dev openmpi-bin\n  (or set PDARTS_EXTRA_PACKAGES=\"libopenmpi-dev openmpi-bin\" for ./bazelw, which does)\n" % ctx.name)
    ctx.symlink(_pkg_config(ctx, ["--variable=includedir", "ompi-c"]).strip(), "include")
    _write_common_files(ctx, ["libopenmpi-dev"])
    flags = [flag for flag in _pkg_config(ctx, ["--libs", "ompi-c"]).strip().split(" ") if flag]
    ctx.template("BUILD.bazel", ctx.attr.build_file, {"%{LINK_FLAGS}": repr(flags)})

# Only what --config=mpi links asks for it.
system_openmpi = repository_rule(
    implementation = _system_openmpi_impl,
    attrs = {"build_file": attr.label(mandatory = True, allow_single_file = True)},
    environ = [_VERSIONS],
)
