"""pdarts_experiment, pdarts_training and pdarts_binary: targets for a search, a training, or all commands."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_test")

def _embedded_spec_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".cc")
    ctx.actions.run_shell(
        inputs = [ctx.file.spec],
        outputs = [out],
        # A raw string literal may portably have at most 64 KiB. A spec has a few hundred bytes.
        command = """
            {
              echo 'namespace pdarts {'
              echo 'extern const char* const kEmbeddedSpec;'
              echo 'extern const char* const kEmbeddedSpecFile;'
              echo "const char* const kEmbeddedSpecFile = \\"$2\\";"
              printf '%s' 'const char* const kEmbeddedSpec = R"spec('
              cat "$1"
              echo ')spec";'
              echo '}  // namespace pdarts'
            } > "$3"
        """,
        arguments = [ctx.file.spec.path, ctx.file.spec.short_path, out.path],
        mnemonic = "EmbedSpec",
    )
    return [DefaultInfo(files = depset([out]))]

_embedded_spec = rule(
    implementation = _embedded_spec_impl,
    attrs = {"spec": attr.label(mandatory = True, allow_single_file = [".textproto"])},
)

def _program(name, spec, plugins, kind, tags, kwargs):
    """Makes the program of a spec, and its test. `kind` selects the main programs in //pdarts/cli."""
    _embedded_spec(name = name + "_spec", spec = spec, tags = tags)
    cc_binary(
        name = name,
        srcs = [":%s_spec" % name],
        deps = [Label("//pdarts/cli:%s_main" % kind), Label("//pdarts/processes:process_group")] + plugins,
        tags = tags,
        **kwargs
    )
    cc_test(
        name = name + "_test",
        size = "small",
        srcs = [":%s_spec" % name],
        # The program contains the transforms of this repository, even if the spec names none.
        deps = [
            Label("//pdarts/cli:%s_test_main" % kind),
            Label("//pdarts/datasets/transforms:standard"),
        ] + plugins,
        tags = tags,
    )

def pdarts_experiment(name, spec, plugins, tags = [], **kwargs):
    """Makes the program `name`, with which `bazel run` runs a search, and `name`_test, which checks its spec.

    The spec is built into the program.

    Args:
      name: the name of the program.
      spec: a .textproto of an ExperimentSpec.
      plugins: the targets of the plugins that the spec names. No other plugins are linked.
      tags: the tags of both targets.
      **kwargs: attributes of the program (visibility, ...).
    """
    _program(name, spec, plugins, "experiment", tags, kwargs)

def pdarts_training(name, spec, plugins, tags = [], **kwargs):
    """Makes the program `name`, with which `bazel run` runs a training, and `name`_test, which checks its spec.

    Args:
      name: the name of the program.
      spec: a .textproto of a TrainSpec.
      plugins: the targets of the plugins that the spec names. No other plugins are linked.
      tags: the tags of both targets.
      **kwargs: attributes of the program (visibility, ...).
    """
    _program(name, spec, plugins, "training", tags, kwargs)

def pdarts_binary(name, plugins, processes = None, **kwargs):
    """Makes `name`: the general command line (list, search, train, ...) with these plugins.

    Args:
      name: the name of the program.
      plugins: the targets of the plugins. No other plugins are linked.
      processes: the library that connects processes which were started together. By default, --config=mpi selects it.
      **kwargs: attributes of the program (visibility, ...).
    """
    cc_binary(
        name = name,
        deps = [Label("//pdarts/cli:pdarts_main"), processes or Label("//pdarts/processes:process_group")] + plugins,
        **kwargs
    )
