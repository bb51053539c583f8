"""Headers of LibTorch and of other libraries, compiled once instead of in each source that includes them."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

# `copts` of a target whose sources include "torch/nn/module.h". The target depends on //third_party/torch:module.
# A source is compiled in half the time, because the compiler reads what it made of the header before.
TORCH_MODULE_COPTS = ["-include", "pdarts_torch_module.h"]

# `copts` of a target whose sources include headers of tensors or operators, "ATen/...", but not "torch/nn/module.h". The target
# depends on //third_party/torch:tensor.
TORCH_TENSOR_COPTS = ["-include", "pdarts_torch_tensor.h"]

def _precompiled_header_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    context = cc_common.merge_cc_infos(cc_infos = [dep[CcInfo] for dep in ctx.attr.deps]).compilation_context
    header = ctx.actions.declare_file("precompiled/" + ctx.file.hdr.basename)
    ctx.actions.expand_template(template = ctx.file.hdr, output = header, substitutions = {})
    files = [header]

    # Clang compares times of files that a sandbox does not keep, so it reads the header itself.
    # Bazel 4.2.3 calls GCC "compiler".
    if toolchain.compiler != "clang":
        features = cc_common.configure_features(
            ctx = ctx,
            cc_toolchain = toolchain,
            requested_features = ctx.features,
            unsupported_features = ctx.disabled_features,
        )
        precompiled = ctx.actions.declare_file("precompiled/" + ctx.file.hdr.basename + ".gch")
        variables = cc_common.create_compile_variables(
            feature_configuration = features,
            cc_toolchain = toolchain,
            source_file = header.path,
            output_file = precompiled.path,
            user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts,
            include_directories = context.includes,
            quote_include_directories = context.quote_includes,
            system_include_directories = context.system_includes,
            preprocessor_defines = context.defines,
            use_pic = True,
        )
        arguments = cc_common.get_memory_inefficient_command_line(
            feature_configuration = features,
            action_name = CPP_COMPILE_ACTION_NAME,
            variables = variables,
        )
        ctx.actions.run(
            executable = cc_common.get_tool_for_action(
                feature_configuration = features,
                action_name = CPP_COMPILE_ACTION_NAME,
            ),
            arguments = ["-x", "c++-header"] + arguments,
            env = cc_common.get_environment_variables(
                feature_configuration = features,
                action_name = CPP_COMPILE_ACTION_NAME,
                variables = variables,
            ),
            inputs = depset([header], transitive = [context.headers, toolchain.all_files]),
            outputs = [precompiled],
            mnemonic = "CppPrecompile",
            progress_message = "Precompiling " + ctx.file.hdr.basename,
        )
        files.append(precompiled)
    return [
        DefaultInfo(files = depset(files)),
        CcInfo(compilation_context = cc_common.create_compilation_context(
            headers = depset(files),
            system_includes = depset([header.dirname]),
        )),
    ]

precompiled_header = rule(
    implementation = _precompiled_header_impl,
    attrs = {
        "hdr": attr.label(allow_single_file = [".h"], mandatory = True),
        "deps": attr.label_list(providers = [CcInfo]),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
