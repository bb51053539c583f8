// What libraries keep to the process's end on purpose or by mistake: LeakSanitizer finds it and
// would hide our own leaks in the crowd. Nothing of pdarts stands here.
// NOLINTNEXTLINE(bugprone-reserved-identifier): LeakSanitizer looks for this name.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:mz_zip_reader_init\n"  // LibTorch's reader of zip files, 582 bytes when it throws
         "leak:libgvc.so\n"           // Graphviz's configuration, and edges that its layouts forget
         "leak:libfontconfig.so\n";   // its list of fonts, which Graphviz's Pango asks it for
}
