"""LibTorch: a local copy, or the C++ half of the wheel that a lock file names."""

_ENV = "PDARTS_LIBTORCH"
_CUDA_ENV = "PDARTS_CUDA_HOME"

# torch/include/google is left out on purpose: an old protobuf, which would
# shadow the system's.
_HEADERS = ["ATen", "c10", "caffe2", "torch"]

_CPU_LIBS = ["libc10.so", "libtorch_cpu.so", "libgomp.so.1"]
_CPU_EXTRA = ["libcudart.so.13", "libcupti.so.13"]

# Names of the wheels that these libraries come from.
_LICENSED = ("torch-", "nvidia_cuda_runtime-", "nvidia_cuda_cupti-")

_CPU_MEMBERS = (
    ["*.dist-info/licenses/*"] +
    ["torch/include/%s/*" % h for h in _HEADERS] +
    ["torch/lib/" + l for l in _CPU_LIBS] +
    ["nvidia/cu13/lib/" + l for l in _CPU_EXTRA]
)

_CUDA_LIBS = ["libc10_cuda.so", "libtorch_cuda.so", "libtorch_cuda_linalg.so", "libtorch_nvshmem.so", "libcaffe2_nvrtc.so"]
_CUDA_MEMBERS = (
    ["torch/lib/" + l for l in _CUDA_LIBS] +
    ["nvidia/cu13/lib/%s.so.*" % l for l in [
        "libcublas",
        "libcublasLt",
        "libcufft",
        "libcufile",
        "libcurand",
        "libcusolver",
        "libcusparse",
        "libnvJitLink",
        "libnvrtc",
        "libnvrtc-builtins",
    ]] +
    [
        "nvidia/cudnn/lib/*.so.*",
        "nvidia/cusparselt/lib/*.so.*",
        "nvidia/nccl/lib/*.so.*",
        "nvidia/nccl/include/*.h",
        "nvidia/nvshmem/lib/libnvshmem_host.so.*",
    ]
)

# The wheels of one Python, whatever the user's is: of torch only the C++ half is used.
PIP_TARGET = [
    "--python-version=3.11",
    "--implementation=cp",
    "--abi=cp311",
    "--only-binary=:all:",
    "--platform=manylinux1_x86_64",
    "--platform=manylinux2010_x86_64",
    "--platform=manylinux2014_x86_64",
] + ["--platform=manylinux_2_%d_x86_64" % i for i in range(5, 37)]

def _fetch(ctx, members):
    python = ctx.which("python3")
    if not python:
        fail("@%s needs python3 and pip: sudo apt-get install python3-pip" % ctx.name)
    ctx.report_progress("downloading the wheels of " + ctx.attr.lock.name)
    result = ctx.execute(
        [python, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", "--no-cache-dir"] + PIP_TARGET +
        ["-d", "wheels", "-r", ctx.path(ctx.attr.lock)],
        timeout = 3600,
        quiet = False,
    )
    if result.return_code != 0:
        fail("\n\n  @%s: pip could not download the wheels of %s.\n  Set %s to an unpacked LibTorch instead, or see:\n%s" %
             (ctx.name, ctx.attr.lock, _ENV, result.stderr))
    ctx.report_progress("unpacking")
    result = ctx.execute([python, ctx.path(ctx.attr.unpack), "wheels", "."] + members, timeout = 1800)
    if result.return_code != 0:
        fail("@%s: %s" % (ctx.name, result.stderr))
    ctx.delete("wheels")

def _local(ctx):
    """Returns the LibTorch folder that the environment names, or None."""
    value = ctx.os.environ.get(_ENV, "")
    if not value:
        return None
    root = ctx.path(value)
    if not root.get_child("lib").get_child("libtorch_cpu.so").exists:
        fail("%s=%s: there is no lib/libtorch_cpu.so in it" % (_ENV, value))
    return root

def _link_libs(ctx, root, names):
    """Links each library from LibTorch's own folder or from the wheels beside it."""
    folders = [root.get_child("lib")]
    nvidia = root.dirname.get_child("nvidia")
    if nvidia.exists:
        folders += [d.get_child("lib") for d in nvidia.readdir()]
    cuda = ctx.path(ctx.os.environ.get(_CUDA_ENV, "/usr/local/cuda"))
    folders += [cuda.get_child("lib64"), cuda.get_child("extras").get_child("CUPTI").get_child("lib64")]
    for name in names:
        for folder in folders:
            if folder.get_child(name).exists:
                ctx.symlink(folder.get_child(name), "lib/" + name)
                break

def _link_licenses(ctx, root):
    """Links the licenses of a copy of @libtorch, or those of the installed wheels beside LibTorch's folder."""
    copied = root.get_child("licenses")
    if copied.exists:
        ctx.symlink(copied, "licenses")
        return
    for d in root.dirname.readdir():
        licenses = d.get_child("licenses")
        if d.basename.endswith(".dist-info") and d.basename.startswith(_LICENSED) and licenses.exists:
            for file in licenses.readdir():
                ctx.symlink(file, "licenses/%s-%s" % (d.basename[:-len(".dist-info")], file.basename))

def _libtorch_impl(ctx):
    root = _local(ctx)
    if root:
        for h in _HEADERS:
            ctx.symlink(root.get_child("include").get_child(h), "include/" + h)
        _link_libs(ctx, root, _CPU_LIBS + _CPU_EXTRA)
        _link_licenses(ctx, root)
    else:
        _fetch(ctx, _CPU_MEMBERS)
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")

_ATTRS = {
    "lock": attr.label(mandatory = True, allow_single_file = True),
    "build_file": attr.label(mandatory = True, allow_single_file = True),
    "unpack": attr.label(mandatory = True, allow_single_file = True),
}

libtorch_repository = repository_rule(
    implementation = _libtorch_impl,
    attrs = _ATTRS,
    environ = [_ENV, _CUDA_ENV],
)

def _libtorch_cuda_impl(ctx):
    root = _local(ctx)
    if root:
        # A wheel's folder has NVIDIA's libraries beside it; LibTorch's archive has them inside.
        if not root.get_child("lib").get_child("libtorch_cuda.so").exists:
            fail("%s=%s: --config=cuda needs a LibTorch with CUDA" % (_ENV, root))
        folders = [root.get_child("lib")]
        nvidia = root.dirname.get_child("nvidia")
        for d in nvidia.readdir() if nvidia.exists else []:
            folders.append(d.get_child("lib"))
            nccl = d.get_child("include").get_child("nccl.h")
            if nccl.exists:
                ctx.symlink(nccl, "include/nccl.h")
        for folder in folders:
            for lib in folder.readdir() if folder.exists else []:
                if ".so" in lib.basename and not ctx.path("lib/" + lib.basename).exists:
                    ctx.symlink(lib, "lib/" + lib.basename)
        ctx.file("include/.keep")
    else:
        _fetch(ctx, _CUDA_MEMBERS)
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
    ctx.template("BUILD.bazel", ctx.attr.build_file, {"%{LIB_DIR}": str(ctx.path("lib"))})

libtorch_cuda_repository = repository_rule(
    implementation = _libtorch_cuda_impl,
    attrs = _ATTRS,
    environ = [_ENV],
)

def _cuda_toolkit_impl(ctx):
    home = ctx.path(ctx.os.environ.get(_CUDA_ENV, "/usr/local/cuda"))
    nvcc = home.get_child("bin").get_child("nvcc")
    if not nvcc.exists:
        fail("\n\n  --config=cuda needs the CUDA toolkit: there is no %s.\n  Install CUDA 13, or set %s to its folder.\n" % (nvcc, _CUDA_ENV))
    ctx.symlink(home, "cuda")
    ctx.file("nvcc.sh", "#!/bin/sh\nexec %s \"$@\"\n" % nvcc, executable = True)
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")

cuda_toolkit_repository = repository_rule(
    implementation = _cuda_toolkit_impl,
    attrs = {"build_file": attr.label(mandatory = True, allow_single_file = True)},
    environ = [_CUDA_ENV],
)
