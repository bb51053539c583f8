"""parity_test: a test against the files of reference/."""

load("@rules_cc//cc:defs.bzl", "cc_test")
load("//third_party/torch:precompiled.bzl", "TORCH_MODULE_COPTS")

def parity_test(name, data, deps):
    cc_test(
        name = name,
        size = "medium",
        srcs = [name + ".cc"],
        copts = TORCH_MODULE_COPTS,
        data = ["reference/" + file for file in data],
        # Waiting threads spin, and take processor time from other tests that run at the same time.
        env = {"OMP_NUM_THREADS": "1"},
        deps = deps + [
            ":reference",
            "//third_party/torch:module",
            "@com_google_absl//:strings",
            "@com_google_googletest//:gtest_main",
        ],
    )
