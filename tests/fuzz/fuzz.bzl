"""fuzz_target: a parser of outside bytes under libFuzzer, and its corpus as a test."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

def fuzz_target(name, deps):
    """Makes `name` (bazel run --config=fuzz) and `name`_test, which runs it over corpus/`name`/.

    Args:
      name: of the source, without .cc, which defines LLVMFuzzerTestOneInput.
      deps: of the source.
    """
    cc_library(
        name = name + "_input",
        testonly = True,
        srcs = [name + ".cc"],
        deps = deps,
        alwayslink = True,
    )
    cc_binary(
        name = name,
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = [":%s_input" % name],
    )
    corpus = native.glob(["corpus/%s/*" % name])
    cc_test(
        name = name + "_test",
        size = "small",
        srcs = ["corpus_test_main.cc"],
        args = ["$(rootpaths :%s_corpus)" % name],
        data = [":%s_corpus" % name],
        deps = [":%s_input" % name],
    )
    native.filegroup(
        name = name + "_corpus",
        srcs = corpus,
    )
