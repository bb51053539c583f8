"""fuzz_target: runs a parser of bytes from outside under libFuzzer, and on its corpus as a test."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

def fuzz_target(name, deps, max_len = 4096):
    """Makes `name` (for bazel run --config=fuzz) and `name`_test, which runs it on the files of corpus/`name`/.

    The fuzzer begins with the corpus as well.

    Args:
      name: the name of the source without .cc. The source defines LLVMFuzzerTestOneInput.
      deps: the dependencies of the source.
      max_len: the maximum length in bytes of the inputs that the fuzzer makes.
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
        args = [
            "-max_len=%d" % max_len,
            "-seed_inputs=@$(rootpath :%s_seeds)" % name,
        ],
        data = [
            ":%s_corpus" % name,
            ":%s_seeds" % name,
        ],
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

    # The corpus in the form of libFuzzer's flag: names with commas between them, without a line
    # end.
    native.genrule(
        name = name + "_seeds",
        testonly = True,
        srcs = [":%s_corpus" % name],
        outs = [name + "_seeds.txt"],
        cmd = "set -- $(rootpaths :%s_corpus); (IFS=,; printf %%s \"$$*\") > $@" % name,
    )
