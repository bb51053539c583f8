// Memory that libraries do not free before the process ends, on purpose or by mistake.
// LeakSanitizer would report it, and the leaks of pdarts would be hard to find among these reports.
// The list has no code of pdarts.
// NOLINTNEXTLINE(bugprone-reserved-identifier): LeakSanitizer looks for this name.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:mz_zip_reader_init\n"  // LibTorch's reader of zip files, 582 bytes when it throws
         "leak:libgvc.so\n"  // Graphviz's configuration, and edges that its layouts do not free
         "leak:libfontconfig.so\n";  // its list of fonts, which Graphviz's Pango requests
}

// Tests compare what programs print, so LeakSanitizer prints nothing about the suppressed memory.
// NOLINTNEXTLINE(bugprone-reserved-identifier): as above.
extern "C" const char* __lsan_default_options() { return "print_suppressions=0"; }
