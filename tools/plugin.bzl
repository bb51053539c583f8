"""pdarts_plugin_library and pdarts_plugin_battery_test: a plugin, and the tests of its interface's contract."""

load("@rules_cc//cc:defs.bzl", "cc_library", "cc_proto_library", "cc_test")
load("@rules_proto//proto:defs.bzl", "proto_library")

def pdarts_plugin_library(name, srcs, config, config_deps = [], deps = [], visibility = None, **kwargs):
    """Makes the library `name`, which registers the plugins in its sources. Every program that links it has them.

    For the config "chain_space.proto", the macro makes the targets `chain_space_proto` and `chain_space_cc_proto`,
    and the sources include "<package>/chain_space.pb.h". The config may import "pdarts/core/field_rules.proto".

    Args:
      name: the name of the library.
      srcs: sources that call Registry<Interface>::Register<Config>.
      config: the .proto file with the settings of the plugins.
      config_deps: the proto_library targets of the other imports of `config`.
      deps: the dependencies of the sources, except the registry, the status macros, absl's status and strings.
      visibility: the visibility of the library and of its settings.
      **kwargs: attributes of the library (hdrs, data, ...).
    """
    if not config.endswith(".proto"):
        fail("pdarts_plugin_library %s: config is \"%s\", expected a .proto file" % (name, config))
    config_name = config[:-len(".proto")]
    proto_library(
        name = config_name + "_proto",
        srcs = [config],
        deps = [Label("//pdarts/core:field_rules_proto")] + config_deps,
        visibility = visibility,
    )
    cc_proto_library(
        name = config_name + "_cc_proto",
        deps = [":%s_proto" % config_name],
        visibility = visibility,
    )
    cc_library(
        name = name,
        srcs = srcs,
        deps = [
            ":%s_cc_proto" % config_name,
            Label("//pdarts/core:registry"),
            Label("//pdarts/base:status_macros"),
            "@com_google_absl//:status",
            "@com_google_absl//:strings",
        ] + deps,
        # No code refers to a plugin by name. It is linked because of its registration.
        alwayslink = True,
        visibility = visibility,
        **kwargs
    )

_KINDS = ["benchmark", "dataset", "regularizer", "schedule", "search_space", "transform"]

def pdarts_plugin_battery_test(name, kind, plugins, specs = [], data = [], deps = [], size = "medium", **kwargs):
    """Tests the contract of an interface on all plugins of one kind in `plugins`, each with its default settings.

    Regularizers are tested within experiments: each must appear in one of `specs`.

    Args:
      name: the name of the test.
      kind: "benchmark", "dataset", "regularizer", "schedule", "search_space" or "transform".
      plugins: the targets of the tested plugins, and of the other plugins that the specs name.
      specs: .textproto files of an ExperimentSpec, for regularizers.
      data: files that the plugins read.
      deps: the dependencies of srcs, if there are any.
      size: the size of the test.
      **kwargs: attributes of the test (srcs, tags, ...).
    """
    if kind not in _KINDS:
        fail("pdarts_plugin_battery_test %s: kind is \"%s\", expected one of %s" % (name, kind, _KINDS))
    if (kind == "regularizer") != bool(specs):
        fail("pdarts_plugin_battery_test %s: specs are for regularizers, which need at least one" % name)
    cc_test(
        name = name,
        size = size,
        data = specs + data,
        # Waiting threads spin, and take processor time from other tests that run at the same time.
        env = {
            "OMP_NUM_THREADS": "1",
            "PDARTS_BATTERY_SPECS": " ".join(["$(rootpaths %s)" % spec for spec in specs]),
        },
        deps = [Label("//tests/batteries:" + kind)] + plugins + deps,
        **kwargs
    )
