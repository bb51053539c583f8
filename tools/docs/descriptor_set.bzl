"""descriptor_set: the .proto files of some targets as one FileDescriptorSet with comments.

proto_library also makes a FileDescriptorSet, but without the comments, which the documentation needs.
"""

_Protos = provider(
    "The .proto files that a target is made of.",
    fields = {
        "sources": "depset of this workspace's .proto files",
        "inputs": "depset of those and of all that they import",
        "import_paths": "depset of folders that imports are looked up in",
    },
)

def _protos_aspect_impl(target, ctx):
    deps = [d[_Protos] for d in getattr(ctx.rule.attr, "deps", []) if _Protos in d]
    sources = []
    inputs = []
    import_paths = []
    if ProtoInfo in target:
        info = target[ProtoInfo]
        if not ctx.label.workspace_name:
            sources = info.direct_sources
        inputs = [info.transitive_sources]
        import_paths = [info.transitive_proto_path]
    return [_Protos(
        sources = depset(sources, transitive = [d.sources for d in deps]),
        inputs = depset(transitive = inputs + [d.inputs for d in deps]),
        import_paths = depset(transitive = import_paths + [d.import_paths for d in deps]),
    )]

_protos_aspect = aspect(
    implementation = _protos_aspect_impl,
    attr_aspects = ["deps"],
)

def _descriptor_set_impl(ctx):
    deps = [d[_Protos] for d in ctx.attr.deps]
    out = ctx.actions.declare_file(ctx.label.name + ".binpb")
    arguments = ctx.actions.args()
    arguments.add_all(depset(transitive = [d.import_paths for d in deps]), before_each = "-I")
    arguments.add("--include_imports")
    arguments.add("--include_source_info")
    arguments.add(out, format = "--descriptor_set_out=%s")
    arguments.add_all(depset(transitive = [d.sources for d in deps]))
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [arguments],
        inputs = depset(transitive = [d.inputs for d in deps]),
        outputs = [out],
        mnemonic = "DescriptorSet",
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

descriptor_set = rule(
    implementation = _descriptor_set_impl,
    attrs = {
        "deps": attr.label_list(
            doc = "libraries; every .proto file that they depend on through `deps` is included",
            mandatory = True,
            aspects = [_protos_aspect],
        ),
        "_protoc": attr.label(
            default = "@com_google_protobuf//:protoc",
            allow_files = True,
            executable = True,
            cfg = "exec",
        ),
    },
)
