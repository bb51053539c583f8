"""cuda_library: sources for CUDA that nvcc compiles, as a cc_library."""

load("@rules_cc//cc:defs.bzl", "CcInfo", "cc_library")

# Cards from Ampere on. The code for the last architecture is also kept in a form that the driver
# of a later card compiles.
_ARCHITECTURES = [
    "arch=compute_80,code=sm_80",
    "arch=compute_90,code=[sm_90,compute_90]",
]

_FLAGS = [
    "-std=c++17",
    "-O2",
    "-DNDEBUG",
    "-Xcompiler=-fPIC",
    "--expt-relaxed-constexpr",
]

def _nvcc_objects_impl(ctx):
    context = cc_common.merge_cc_infos(cc_infos = [dep[CcInfo] for dep in ctx.attr.deps]).compilation_context
    arguments = ctx.actions.args()
    arguments.add_all(_FLAGS)
    arguments.add_all(_ARCHITECTURES, format_each = "-gencode=%s")
    arguments.add_all(context.defines, format_each = "-D%s")
    arguments.add_all(context.includes, before_each = "-I")
    arguments.add_all(context.quote_includes, before_each = "-I")
    arguments.add_all(context.system_includes, before_each = "-isystem")
    objects = []
    for source in ctx.files.srcs:
        object = ctx.actions.declare_file("%s/%s.o" % (ctx.label.name, source.basename))
        ctx.actions.run(
            executable = ctx.executable._nvcc,
            arguments = [arguments, "-c", source.path, "-o", object.path],
            inputs = depset([source], transitive = [context.headers]),
            outputs = [object],
            mnemonic = "NvccCompile",
            progress_message = "Compiling %s with nvcc" % source.short_path,
            env = {"PATH": "/usr/bin:/bin", "TMPDIR": "/tmp"},
        )
        objects.append(object)
    return [DefaultInfo(files = depset(objects))]

_nvcc_objects = rule(
    implementation = _nvcc_objects_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".cu"]),
        "deps": attr.label_list(providers = [CcInfo]),
        "_nvcc": attr.label(
            default = "@local_cuda//:nvcc.sh",
            executable = True,
            allow_single_file = True,
            cfg = "host",
        ),
    },
)

def cuda_library(name, srcs, deps = [], tags = [], **kwargs):
    """A cc_library of .cu files. Only a build with --config=cuda may depend on it.

    Args:
      name: of the library.
      srcs: .cu files.
      deps: cc_libraries with the headers of the sources. LibTorch is one of them.
      tags: must hold "manual", because other builds have no nvcc.
      **kwargs: of cc_library.
    """
    _nvcc_objects(
        name = name + "_objects",
        srcs = srcs,
        deps = deps,
        tags = tags,
        visibility = ["//visibility:private"],
    )
    cc_library(
        name = name,
        srcs = [":%s_objects" % name],
        deps = deps,
        tags = tags,
        **kwargs
    )
