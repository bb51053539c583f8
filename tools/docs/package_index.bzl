"""package_index: the content of a package, for the tests of the documentation."""

def _package_index_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".txt")
    package = ctx.label.package
    folder = package + "/" if package else ""
    ctx.actions.write(out, "".join(
        ["label //%s:%s\n" % (package, name) for name in ctx.attr.targets] +
        ["file %s%s\n" % (folder, name) for name in ctx.attr.files],
    ))
    return [DefaultInfo(
        files = depset([out] + ctx.files.pages),
        runfiles = ctx.runfiles([out] + ctx.files.pages),
    )]

_package_index = rule(
    implementation = _package_index_impl,
    attrs = {
        "files": attr.string_list(),
        "pages": attr.label_list(allow_files = [".md"]),
        "targets": attr.string_list(),
    },
)

def package_index(files = ["**"]):
    """Makes `:package_index`: the names of the package's targets and files, and its Markdown pages.

    Call it last in a BUILD file, because it knows only the targets that were declared before it. format_test() calls it.

    Args:
      files: globs of the files in the index.
    """
    _package_index(
        name = "package_index",
        files = native.glob(files, exclude = [".bazelrc.user"]),
        pages = [f for f in native.glob(files) if f.endswith(".md")],
        targets = sorted(native.existing_rules().keys()),
        visibility = [
            "//pdarts/plugins:__pkg__",
            "//tests/docs:__pkg__",
        ],
    )

def plugin_indices(plugins):
    """Makes `:plugin_indices`: the package_index of every package in the deps of a target.

    Args:
      plugins: the name of the target that lists the shipped plugins.
    """
    packages = {Label(str(dep)).package: True for dep in native.existing_rule(plugins)["deps"]}
    native.filegroup(
        name = "plugin_indices",
        srcs = ["//%s:package_index" % package for package in sorted(packages)],
        visibility = ["//tests/docs:__pkg__"],
    )
