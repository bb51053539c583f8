"""pdarts_repositories: all that a workspace needs to build against pdarts."""

load("//third_party:bazel_rules.bzl", "debian_bazel_rules", "empty_coverage_tools")
load("//third_party:libtorch.bzl", "cuda_toolkit_repository", "libtorch_cuda_repository", "libtorch_repository")
load("//third_party:system.bzl", "system_absl", "system_files", "system_library", "system_openmpi", "system_protobuf")

def pdarts_repositories():
    """Declares the rule sets, system libraries and LibTorch. Called from a WORKSPACE file."""

    # Bazel's own rule sets, as Debian packages them.
    debian_bazel_rules(
        name = "rules_cc",
        package = "bazel-rules-cc",
        patch_cc = True,
        path = "rules/cc",
    )

    debian_bazel_rules(
        name = "rules_java",
        package = "bazel-rules-java",
        path = "rules/java",
    )

    debian_bazel_rules(
        name = "rules_proto",
        package = "bazel-rules-proto",
        path = "rules/proto",
    )

    debian_bazel_rules(
        name = "bazel_skylib",
        package = "bazel-skylib",
        path = "tools/skylib",
    )

    debian_bazel_rules(
        name = "platforms",
        package = "bazel-platforms",
        path = "tools/platforms",
    )

    # Bazel's test runner asks for it by name; an empty one keeps Bazel from downloading it.
    empty_coverage_tools(name = "remote_coverage_tools")

    # System libraries (headers on the compiler's own search path).
    system_absl(
        name = "com_google_absl",
        build_file = Label("//third_party:absl.BUILD"),
    )

    system_library(
        name = "com_github_google_glog",
        apt_package = "libgoogle-glog-dev",
        build_file = Label("//third_party:glog.BUILD"),
        header = "glog/logging.h",
    )

    system_library(
        name = "com_google_googletest",
        apt_package = "libgtest-dev libgmock-dev",
        build_file = Label("//third_party:googletest.BUILD"),
        header = "gmock/gmock.h",
    )

    system_library(
        name = "com_github_google_benchmark",
        apt_package = "libbenchmark-dev",
        build_file = Label("//third_party:benchmark.BUILD"),
        header = "benchmark/benchmark.h",
    )

    system_library(
        name = "openssl",
        apt_package = "libssl-dev",
        build_file = Label("//third_party:openssl.BUILD"),
        header = "openssl/evp.h",
    )

    system_library(
        name = "graphviz",
        apt_package = "libgraphviz-dev",
        build_file = Label("//third_party:graphviz.BUILD"),
        header = "graphviz/gvc.h",
    )

    system_library(
        name = "curl",
        apt_package = "libcurl4-openssl-dev",
        build_file = Label("//third_party:curl.BUILD"),
        header = "x86_64-linux-gnu/curl/curl.h",
    )

    system_library(
        name = "libarchive",
        apt_package = "libarchive-dev",
        build_file = Label("//third_party:libarchive.BUILD"),
        header = "archive.h",
    )

    system_library(
        name = "isal",
        apt_package = "libisal-dev",
        build_file = Label("//third_party:isal.BUILD"),
        header = "isa-l/crc.h",
    )

    system_library(
        name = "libpng",
        apt_package = "libpng-dev",
        build_file = Label("//third_party:libpng.BUILD"),
        header = "png.h",
    )

    system_library(
        name = "libjpeg",
        apt_package = "libjpeg-dev",
        build_file = Label("//third_party:libjpeg.BUILD"),
        header = "jpeglib.h",
    )

    system_library(
        name = "libwebp",
        apt_package = "libwebp-dev",
        build_file = Label("//third_party:libwebp.BUILD"),
        header = "webp/demux.h",
    )

    system_library(
        name = "libexif",
        apt_package = "libexif-dev",
        build_file = Label("//third_party:libexif.BUILD"),
        header = "libexif/exif-data.h",
    )

    system_library(
        name = "utf8proc",
        apt_package = "libutf8proc-dev",
        build_file = Label("//third_party:utf8proc.BUILD"),
        header = "utf8proc.h",
    )

    # The charts of reports, built into the programs.
    system_files(
        name = "chart_js",
        apt_package = "libjs-chart.js",
        files = ["/usr/share/javascript/chart.js/chart.min.js"],
    )

    # The versions of all installed packages, for the release archive.
    system_files(
        name = "installed_packages",
        apt_package = "dpkg",
        files = ["/var/lib/dpkg/status"],
    )

    system_protobuf(
        name = "com_google_protobuf",
        build_file = Label("//third_party:protobuf.BUILD"),
    )

    # Linked with --config=mpi only.
    system_openmpi(
        name = "openmpi",
        build_file = Label("//third_party:openmpi.BUILD"),
    )

    libtorch_repository(
        name = "libtorch",
        build_file = Label("//third_party:libtorch.BUILD"),
        lock = Label("//third_party:torch_cpu.lock"),
        unpack = Label("//third_party:unpack_wheels.py"),
    )

    # Fetched with --config=cuda only.
    libtorch_cuda_repository(
        name = "libtorch_cuda",
        build_file = Label("//third_party:libtorch_cuda.BUILD"),
        lock = Label("//third_party:torch_cuda.lock"),
        unpack = Label("//third_party:unpack_wheels.py"),
    )

    cuda_toolkit_repository(
        name = "local_cuda",
        build_file = Label("//third_party:cuda.BUILD"),
    )
