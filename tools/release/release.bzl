"""release_archive: programs, with all that they need but the C library and what is left out, as one tar.gz."""

def _is_of(file, repositories):
    """Whether a library, or the link to it that Bazel makes in _solib_*, is of one of the repositories."""
    for repository in repositories:
        if file.owner != None and file.owner.workspace_name == repository:
            return True
        if "/_U@%s_S_S_C" % repository.replace("_", "_U") in file.short_path:
            return True
    return False

def _release_archive_impl(ctx):
    archive = ctx.outputs.archive
    inputs = [ctx.file.readme, ctx.file.version, ctx.file._packages]
    programs = []
    left_out = {name: True for name in ctx.attr.from_cluster}
    for target, name in ctx.attr.programs.items():
        executable = target[DefaultInfo].files_to_run.executable
        runfiles = {}
        for file in target[DefaultInfo].default_runfiles.files.to_list():
            if _is_of(file, ctx.attr.from_python):
                left_out[file.basename] = True
                continue
            inputs.append(file)
            if file != executable:
                # The place below its .runfiles folder where a program looks for the file.
                external = file.short_path.startswith("../")
                runfiles[file.path] = file.short_path[3:] if external else ctx.workspace_name + "/" + file.short_path
        inputs.append(executable)
        programs.append(struct(name = name, file = executable.path, runfiles = runfiles))
    files = {}
    for target, folder in ctx.attr.files.items():
        if not target[DefaultInfo].files.to_list():
            fail("%s holds no file for %s in the archive" % (target.label, folder))
        for file in target[DefaultInfo].files.to_list():
            inputs.append(file)
            files[folder + file.basename] = file.path
    config = ctx.actions.declare_file(ctx.label.name + "_archive.json")
    ctx.actions.write(config, struct(
        # The content of the archive: paths in the archive, and the paths of the source files.
        programs = programs,
        files = files,
        readme = ctx.file.readme.path,
        version_file = ctx.file.version.path,
        # The attributes below describe this value.
        licenses_of = ctx.attr.licenses_of,
        left_out = left_out.keys(),
        folder = ctx.attr.folder,
        max_bytes = ctx.attr.max_bytes,
        output = archive.path,
    ).to_json())
    ctx.actions.run_shell(
        inputs = depset(inputs + [config, ctx.file._make_archive]),
        outputs = [archive],
        command = 'python3 "$1" "$2"',
        arguments = [ctx.file._make_archive.path, config.path],
        mnemonic = "ReleaseArchive",
        progress_message = "Packing %s" % archive.short_path,
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([archive]), runfiles = ctx.runfiles(files = [archive]))]

release_archive = rule(
    implementation = _release_archive_impl,
    doc = """Packs programs that are built on this Debian system.

    The archive has the folders bin/ (links), libexec/ (the programs), lib/ (LibTorch, unless it is left out, and the
    libraries of Debian's packages), share/ (fonts, certificates, data of plugins and tests), and licenses/.""",
    attrs = {
        "programs": attr.label_keyed_string_dict(
            mandatory = True,
            doc = "The programs, and their names in the archive.",
        ),
        "files": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Files, and their folder in the archive: empty, or ending in '/'. Files that end in .sh can be executed.",
        ),
        "licenses_of": attr.string_list(
            doc = "Debian packages whose code is linked into the programs. The packages of packed libraries are found automatically.",
        ),
        "from_cluster": attr.string_list(
            doc = "Libraries that are left out, and found where the archive is used: [\"libmpi.so.40\"].",
        ),
        "from_python": attr.string_list(
            doc = "Repositories whose libraries are left out, because Python's torch has them where the archive is used.",
        ),
        "folder": attr.string(
            default = "pdarts-@VERSION@-linux-x86_64",
            doc = "The one folder that the archive holds.",
        ),
        "max_bytes": attr.int(
            doc = "A larger archive is an error. 0: there is no limit.",
        ),
        "readme": attr.label(
            mandatory = True,
            allow_single_file = [".md"],
            doc = "A template: @VERSION@, and @GLIBC@ for the C library that the archive needs.",
        ),
        "version": attr.label(mandatory = True, allow_single_file = True),
        "archive": attr.output(mandatory = True),
        "_make_archive": attr.label(
            default = "//tools/release:make_archive.py",
            allow_single_file = True,
        ),
        # The versions of all installed packages, because the archive contains files of packages that are not
        # among the other inputs.
        "_packages": attr.label(
            default = "@installed_packages//:status",
            allow_single_file = True,
        ),
    },
)
