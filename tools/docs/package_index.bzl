"""package_index: what a package holds and depends on, for the tests of the documentation."""

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

def _package_dependencies_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.write(out, "".join([line + "\n" for line in ctx.attr.lines]))
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

_package_dependencies = rule(
    implementation = _package_dependencies_impl,
    attrs = {"lines": attr.string_list()},
)

def _dependencies_line(package, name, target):
    """A target's label, its rule, whether it is for tests only, and its deps, with tabs between them.

    Labels of the same package begin with a colon. A select is as Bazel prints it, with the labels of every
    platform.
    """
    deps = target.get("deps", [])
    if type(deps) in ["list", "tuple"]:
        text = " ".join([str(dep) for dep in deps])
    else:
        text = str(deps).replace("\n", " ")
    return "//%s:%s\t%s\t%s\t%s" % (package, name, target["kind"], bool(target.get("testonly", False)), text)

def package_index(files = ["**"]):
    """Makes `:package_index`: the names of the package's targets and files, and its Markdown pages.

    Also makes `:package_dependencies`: the deps of the package's targets.

    Stands last in a BUILD file, as it knows what was declared before it. format_test() calls it.

    Args:
      files: globs of the files in the index.
    """
    rules = native.existing_rules()
    _package_index(
        name = "package_index",
        files = native.glob(files, exclude = [".bazelrc.user"]),
        pages = [f for f in native.glob(files) if f.endswith(".md")],
        targets = sorted(rules.keys()),
        visibility = [
            "//pdarts/plugins:__pkg__",
            "//tests/docs:__pkg__",
        ],
    )
    _package_dependencies(
        name = "package_dependencies",
        lines = [_dependencies_line(native.package_name(), name, rules[name]) for name in sorted(rules.keys())],
        visibility = [
            "//pdarts/plugins:__pkg__",
            "//tests/docs:__pkg__",
        ],
    )

def plugin_indices(plugins):
    """Makes `:plugin_indices`: the package_index of every package in the deps of a target.

    Also makes `:plugin_dependencies`: the package_dependencies of these packages.

    Args:
      plugins: the name of the target that lists the shipped plugins.
    """
    packages = {Label(str(dep)).package: True for dep in native.existing_rule(plugins)["deps"]}
    native.filegroup(
        name = "plugin_indices",
        srcs = ["//%s:package_index" % package for package in sorted(packages)],
        visibility = ["//tests/docs:__pkg__"],
    )
    native.filegroup(
        name = "plugin_dependencies",
        srcs = ["//%s:package_dependencies" % package for package in sorted(packages)],
        visibility = ["//tests/docs:__pkg__"],
    )
