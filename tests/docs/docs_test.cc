// Compares every Markdown page with the repository: links, labels, paths, commands and their flags,
// settings, and the output of short commands.

#include <sys/wait.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/images/testing.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/training.pb.h"
#include "tests/docs/markdown.h"
#include "tests/docs/shell_commands.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr char kAddPackage[] = " (if it is new, its package goes into tests/docs/BUILD.bazel)";

/// The content of the repository: the package_index of every package, and the pages.
struct Repository {
  std::set<std::string> labels;
  std::set<std::string> files;
  std::set<std::string> folders;
  std::vector<Page> pages;

  bool Has(const std::string& path) const {
    const std::string bare(absl::StripSuffix(path, "/"));
    return files.count(bare) > 0 || folders.count(bare) > 0;
  }

  /// Whether a label exists. It may omit the name of the target, or have the form "//folder/...".
  bool HasLabel(absl::string_view label) const {
    absl::ConsumePrefix(&label, "@pdarts");
    if (absl::ConsumeSuffix(&label, "...")) {
      return label == "//" || Has(std::string(absl::StripSuffix(label.substr(2), "/")));
    }
    const size_t colon = label.find(':');
    if (colon == label.npos) {
      return labels.count(absl::StrCat(label, ":", label.substr(label.rfind('/') + 1))) > 0;
    }
    const absl::string_view package = label.substr(2, colon - 2);
    return labels.count(std::string(label)) > 0 ||
           files.count(absl::StrCat(package, package.empty() ? "" : "/", label.substr(colon + 1))) >
               0;
  }
};

std::string Read(const fs::path& path) {
  auto text = ReadFile(path.string());
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *std::move(text) : "";
}

const Repository& TheRepository() {
  static const Repository* repository = [] {
    auto* found = new Repository;
    // The folder of the test contains only the files that the test declares.
    for (const auto& entry :
         fs::recursive_directory_iterator(".", fs::directory_options::follow_directory_symlink)) {
      const std::string path = entry.path().lexically_relative(".").string();
      if (entry.path().extension() == ".md") {
        found->pages.push_back(ParsePage(path, Read(entry.path())));
      } else if (entry.path().filename() == "package_index.txt") {
        for (absl::string_view line : absl::StrSplit(Read(entry.path()), '\n')) {
          if (absl::ConsumePrefix(&line, "label ")) found->labels.emplace(line);
          if (!absl::ConsumePrefix(&line, "file ")) continue;
          found->files.emplace(line);
          for (fs::path p = fs::path(std::string(line)).parent_path(); !p.empty();
               p = p.parent_path()) {
            found->folders.insert(p.string());
          }
        }
      }
    }
    return found;
  }();
  return *repository;
}

std::string At(const Page& page, int line) { return absl::StrCat(page.path, ":", line, ": "); }

const Page* FindPage(const std::string& path) {
  for (const Page& page : TheRepository().pages) {
    if (page.path == path) return &page;
  }
  return nullptr;
}

// --- names in pages ---

bool IsPlaceholder(absl::string_view word) {
  return absl::StrContains(word, '<') || absl::StrContains(word, '*') ||
         absl::StrContains(word, "NAME");
}

/// The labels in a line of text or code. Words in capitals are placeholders.
std::vector<std::string> LabelsIn(absl::string_view text) {
  std::vector<std::string> labels;
  for (size_t at = text.find("//"); at != text.npos; at = text.find("//", at + 2)) {
    const bool in_word = at > 0 && !absl::EndsWith(text.substr(0, at), "@pdarts") &&
                         (absl::ascii_isalnum(static_cast<unsigned char>(text[at - 1])) ||
                          absl::StrContains(":./", text.substr(at - 1, 1)));
    size_t end = at + 2;
    while (end < text.size() && (absl::ascii_isalnum(static_cast<unsigned char>(text[end])) ||
                                 absl::StrContains("_./:-*<>", text.substr(end, 1)))) {
      ++end;
    }
    const absl::string_view label = text.substr(at, end - at);
    const absl::string_view name = label.substr(label.find_last_of("/:") + 1);
    const bool capitals = !name.empty() && absl::AsciiStrToUpper(name) == name &&
                          absl::ascii_isalpha(static_cast<unsigned char>(name[0]));
    const bool starts_well =
        label.size() > 2 && (absl::ascii_islower(static_cast<unsigned char>(label[2])) ||
                             absl::StrContains(":.", label.substr(2, 1)));
    if (!in_word && starts_well && !capitals && !IsPlaceholder(label)) labels.emplace_back(label);
  }
  return labels;
}

TEST(Pages, AreFound) {
  for (const char* path : {"README.md", "CONTRIBUTING.md", "docs/README.md", "docs/spec.md",
                           "pdarts/spaces/darts/README.md"}) {
    EXPECT_NE(FindPage(path), nullptr) << path;
  }
  EXPECT_GT(TheRepository().labels.size(), 200u);
  EXPECT_GT(TheRepository().files.size(), 200u);
}

TEST(Links, LeadSomewhere) {
  for (const Page& page : TheRepository().pages) {
    for (const PageText& link : page.links) {
      if (absl::StartsWith(link.text, "http://") || absl::StartsWith(link.text, "https://"))
        continue;
      const size_t hash = link.text.find('#');
      const std::string file = link.text.substr(0, hash);
      const std::string path =
          file.empty() ? page.path
                       : (fs::path(page.path).parent_path() / file).lexically_normal().string();
      EXPECT_TRUE(TheRepository().Has(path))
          << At(page, link.line) << "(" << link.text << ") leads nowhere" << kAddPackage;
      if (hash == std::string::npos) continue;
      const Page* target = FindPage(path);
      ASSERT_NE(target, nullptr) << At(page, link.line) << link.text << " is not a page";
      EXPECT_EQ(target->anchors.count(link.text.substr(hash + 1)), 1u)
          << At(page, link.line) << path << " has no heading for #" << link.text.substr(hash + 1);
    }
  }
}

TEST(Labels, Exist) {
  const auto check = [](const Page& page, int line, absl::string_view text) {
    for (const std::string& label : LabelsIn(text)) {
      EXPECT_TRUE(TheRepository().HasLabel(label))
          << At(page, line) << "there is no target " << label << kAddPackage;
    }
  };
  for (const Page& page : TheRepository().pages) {
    for (const PageText& code : page.code) {
      if (!absl::StartsWith(code.text, "../")) check(page, code.line, code.text);
    }
    for (const CodeBlock& block : page.blocks) {
      for (size_t i = 0; i < block.lines.size(); ++i) {
        // A command that begins in this way belongs to another workspace.
        if (absl::StartsWith(block.lines[i], "../")) continue;
        check(page, block.line + 1 + static_cast<int>(i), block.lines[i]);
      }
    }
  }
}

TEST(Paths, Exist) {
  std::set<std::string> top;
  for (const std::string& folder : TheRepository().folders) {
    if (!absl::StrContains(folder, '/')) top.insert(folder);
  }
  const auto check = [&](const Page& page, int line, absl::string_view word) {
    if (IsPlaceholder(word) || absl::StrContains(word, "...")) return;
    const size_t slash = word.find('/');
    if (slash == word.npos || top.count(std::string(word.substr(0, slash))) == 0) return;
    const bool plain = std::all_of(word.begin(), word.end(), [](unsigned char c) {
      return absl::ascii_isalnum(c) ||
             absl::StrContains("_-./+", absl::string_view(reinterpret_cast<char*>(&c), 1));
    });
    if (!plain) return;
    EXPECT_TRUE(TheRepository().Has(std::string(word)))
        << At(page, line) << "there is no " << word << kAddPackage;
  };
  for (const Page& page : TheRepository().pages) {
    for (const PageText& code : page.code) check(page, code.line, code.text);
    for (const CodeBlock& block : page.blocks) {
      if (block.language != "sh" && block.language != "console") continue;
      for (const ShellCommand& command : CommandsOf(block)) {
        for (const std::string& word : ShellWords(command.text)) {
          check(page, command.line, word.substr(word.find('=') + 1));
        }
      }
    }
  }
}

// --- commands ---

struct PageCommand {
  const Page* page;
  ShellCommand command;
  PdartsCall call;
};

/// Every call of a program of this repository, in blocks and between backticks.
std::vector<PageCommand> PdartsCalls() {
  std::vector<PageCommand> calls;
  for (const Page& page : TheRepository().pages) {
    const auto add = [&](const ShellCommand& command) {
      PdartsCall call;
      if (ParsePdartsCall(ShellWords(command.text), &call)) calls.push_back({&page, command, call});
    };
    for (const CodeBlock& block : page.blocks) {
      if (block.language != "sh" && block.language != "console") continue;
      for (const ShellCommand& command : CommandsOf(block)) add(command);
    }
    for (const PageText& code : page.code) {
      if (absl::StrContains(code.text, ' ')) add({code.line, code.text, {}});
    }
  }
  return calls;
}

/// Runs a bash command. Returns its exit status, and its output on both streams.
int RunShell(const std::string& command, std::string* output) {
  const std::string script = absl::StrCat(testing::TempDir(), "/command.sh");
  std::ofstream(script) << command << "\n";
  // NOLINTNEXTLINE(bugprone-command-processor): the commands of the pages are shell commands.
  FILE* pipe = popen(absl::StrCat("bash '", script, "' 2>&1 < /dev/null").c_str(), "r");
  output->clear();
  char buffer[4096];
  while (const size_t size = fread(buffer, 1, sizeof(buffer), pipe)) output->append(buffer, size);
  const int status = pclose(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

std::string Pdarts() { return fs::absolute(std::getenv("PDARTS")).string(); }

const std::map<std::string, std::set<std::string>>& KnownFlags() {
  static const auto* flags = [] {
    auto* known = new std::map<std::string, std::set<std::string>>;
    std::string help;
    RunShell(absl::StrCat("'", Pdarts(), "' help"), &help);
    for (const std::string& command : CommandsInHelp(help)) {
      RunShell(absl::StrCat("'", Pdarts(), "' help ", command), &help);
      (*known)[command] = FlagsInHelp(help);
    }
    return known;
  }();
  return *flags;
}

/// The command whose flags a call takes. An experiment takes those of `search`, a training takes
/// those of `train`. Empty for other programs.
std::string CommandOf(const PdartsCall& call) {
  if (call.target == "//pdarts/cli:pdarts") {
    if (call.arguments.empty() || absl::StartsWith(call.arguments[0], "--")) return "";
    return call.arguments[0];
  }
  if (absl::StartsWith(call.target, "//experiments:train_")) return "train";
  return absl::StartsWith(call.target, "//experiments:") ? "search" : "";
}

/// Whether the page shows the command because of its error.
bool ShowsError(const ShellCommand& command) {
  return std::any_of(command.output.begin(), command.output.end(), [](const std::string& line) {
    return absl::StartsWithIgnoreCase(line, "error:");
  });
}

TEST(Commands, AreKnownAndTakeTheirFlags) {
  const std::set<std::string> of_all = {"help",    "version",     "v",           "vmodule",
                                        "log_dir", "minloglevel", "logtostderr", "stderrthreshold"};
  ASSERT_EQ(KnownFlags().count("search"), 1u);
  int checked = 0;
  for (const PageCommand& found : PdartsCalls()) {
    const std::string command = CommandOf(found.call);
    if (command.empty() || IsPlaceholder(command) || command == "COMMAND") continue;
    const auto known = KnownFlags().find(command);
    if (known == KnownFlags().end()) {
      // If a page shows a command that fails, it also shows the error message.
      EXPECT_TRUE(ShowsError(found.command))
          << At(*found.page, found.command.line) << "pdarts has no command " << command;
      continue;
    }
    for (const std::string& word : found.call.arguments) {
      absl::string_view flag = word;
      if (!absl::ConsumePrefix(&flag, "--")) continue;
      flag = flag.substr(0, flag.find('='));
      ++checked;
      EXPECT_TRUE(known->second.count(std::string(flag)) > 0 ||
                  of_all.count(std::string(flag)) > 0 || ShowsError(found.command))
          << At(*found.page, found.command.line) << command << " takes no --" << flag;
    }
  }
  EXPECT_GT(checked, 50);
}

/// The complete spec with which a call starts; false if it is not a spec of this repository.
bool SpecOf(const PdartsCall& call, ExperimentSpec* search, TrainSpec* training) {
  std::string path;
  if (absl::StartsWith(call.target, "//experiments:")) {
    path =
        absl::StrCat("experiments/", call.target.substr(call.target.find(':') + 1), ".textproto");
  }
  for (absl::string_view word : call.arguments) {
    if (absl::ConsumePrefix(&word, "--spec=experiments/"))
      path = absl::StrCat("experiments/", word);
  }
  if (path.empty() || !fs::exists(path)) return false;
  google::protobuf::Message* spec = absl::StrContains(path, "/train_")
                                        ? static_cast<google::protobuf::Message*>(training)
                                        : search;
  EXPECT_TRUE(ReadSpecFileInto(path, spec).ok()) << path;
  return CompleteSpec(spec).ok();
}

TEST(Settings, Apply) {
  int checked = 0;
  for (const PageCommand& found : PdartsCalls()) {
    ExperimentSpec search;
    TrainSpec training;
    if (!SpecOf(found.call, &search, &training)) continue;
    google::protobuf::Message* spec =
        search.has_space() ? static_cast<google::protobuf::Message*>(&search) : &training;
    const bool shows_error = ShowsError(found.command);
    for (absl::string_view word : found.call.arguments) {
      if (!absl::ConsumePrefix(&word, "--set=") || shows_error) continue;
      ++checked;
      const absl::Status set = SetField(spec, word);
      EXPECT_TRUE(set.ok()) << At(*found.page, found.command.line) << set.message();
    }
    const absl::Status valid = ValidateMessage(*spec, "");
    EXPECT_TRUE(valid.ok() || shows_error)
        << At(*found.page, found.command.line) << valid.message();
  }
  EXPECT_GT(checked, 3);
}

// --- commands that are run ---

/// A folder in which the commands of a page can be run. It contains experiments/, ./bazelw and
/// `pdarts`. Searches that `./bazelw` starts also get `search_settings`. Flags of the page override
/// them.
class Workplace {
 public:
  explicit Workplace(const std::string& name, const std::string& search_settings = "")
      : folder_(fs::path(testing::TempDir()) / name) {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "bin");
    fs::create_directory_symlink(fs::absolute("experiments"), folder_ / "experiments");
    Write("bin/pdarts", absl::StrCat("exec '", Pdarts(), "' \"$@\"\n"));
    // This script replaces Bazel, which cannot run within a test. The programs are built already.
    Write("bazelw", absl::StrCat("search_settings=(", search_settings, ")", R"(
[ "$1" = run ] || exit 1
target=$2
shift 2
[ "$1" = -- ] && shift
case $target in
  //pdarts/cli:pdarts) exec pdarts "$@" ;;
  //experiments:train_*) exec pdarts train --spec="experiments/${target#*:}.textproto" "$@" ;;
  //experiments:*) exec pdarts search --spec="experiments/${target#*:}.textproto" "${search_settings[@]}" "$@" ;;
  *) echo "no such program: $target"; exit 1 ;;
esac
)"));
  }

  const fs::path& folder() const { return folder_; }

  int Run(const std::string& command, std::string* output) const {
    return RunShell(
        absl::StrCat("cd '", folder_.string(), "' && export PATH=\"$PWD/bin:$PATH\"\n", command),
        output);
  }

 private:
  void Write(const std::string& name, const std::string& script) const {
    std::ofstream(folder_ / name) << "#!/bin/bash\n" << script;
    fs::permissions(folder_ / name, fs::perms::owner_all);
  }

  fs::path folder_;
};

/// Whether a call takes little time and needs no files of the user.
bool IsQuick(const PdartsCall& call) {
  const std::string command = CommandOf(call);
  const auto has = [&](absl::string_view prefix) {
    return std::any_of(call.arguments.begin(), call.arguments.end(),
                       [&](const std::string& word) { return absl::StartsWith(word, prefix); });
  };
  if (command == "search") {
    return has("--dry_run") && !has("--data_dir") &&
           (!has("--spec=") || has("--spec=experiments/"));
  }
  const bool own_file =
      has("--table=") || has("--model=") ||
      std::any_of(call.arguments.begin(), call.arguments.end(),
                  [](const std::string& word) { return absl::EndsWith(word, ".txt"); });
  if (command == "list") return true;
  return (command == "count" || command == "genotype" || command == "query") &&
         call.arguments.size() > 1 && !own_file;
}

TEST(Commands, ThatAreQuickSucceed) {
  // A dry run measures steps of every stage, which takes minutes at the size of a real search. The
  // searches of these commands have three stages.
  std::string settings = "--set=search.batch_size=4 --set=search.evaluation_batch_size=4";
  for (int stage = 0; stage < 3; ++stage) {
    for (const char* const size : {"cells=3", "channels=4"}) {
      absl::StrAppend(&settings, " '--set=schedule.stages[", stage, "].", size, "'");
    }
  }
  const Workplace workplace("quick", settings);
  std::set<std::string> done;
  for (const PageCommand& found : PdartsCalls()) {
    const bool in_console = !found.command.output.empty();
    const std::string& text = found.command.text;
    if (in_console || !IsQuick(found.call) || absl::StrContains(text, "TEXT") ||
        absl::StrContains(text, "...") || !done.insert(text).second) {
      continue;
    }
    std::string output;
    EXPECT_EQ(workplace.Run(text, &output), 0)
        << At(*found.page, found.command.line) << text << "\n"
        << output;
  }
  EXPECT_GE(done.size(), 5u);
}

/// Draws the images for the beginning of the tutorial: 24 images of each of three classes, with
/// different sizes.
void DrawPhotos(const fs::path& folder) {
  for (const std::string name : {"circle", "square", "stripes"}) {
    for (int number = 0; number < 24; ++number) {
      images::PngContent photo;
      photo.width = 36 + 7 * number % 28;
      photo.height = 36 + 11 * number % 28;
      const int half = static_cast<int>(std::min(photo.width, photo.height)) / 3;
      for (int y = 0; y < static_cast<int>(photo.height); ++y) {
        for (int x = 0; x < static_cast<int>(photo.width); ++x) {
          const int dx = std::abs(x - static_cast<int>(photo.width) / 2);
          const int dy = std::abs(y - static_cast<int>(photo.height) / 2);
          const bool is_drawn = name == "circle"   ? dx * dx + dy * dy < half * half
                                : name == "square" ? std::max(dx, dy) < half
                                                   : x / 4 % 2 == 0;
          for (int channel = 0; channel < 3; ++channel) {
            const int shade = (37 * number + 53 * channel) % 100;
            photo.pixels.push_back(static_cast<uint8_t>(is_drawn ? shade : 155 + shade));
          }
        }
      }
      images::WriteFile((folder / name / absl::StrCat(number, ".png")).string(),
                        images::EncodePng(photo));
    }
  }
}

/// Runs the console blocks of a page, in their order and in one folder.
void ExpectConsolesAsShown(const Page& page) {
  const Workplace workplace(fs::path(page.path).stem().string());
  if (page.path == "docs/tutorial.md") DrawPhotos(workplace.folder() / "photos");
  for (const CodeBlock& block : page.blocks) {
    if (block.language != "console") continue;
    for (const ShellCommand& command : CommandsOf(block)) {
      std::string output;
      workplace.Run(command.text, &output);
      std::vector<std::string> printed = absl::StrSplit(output, '\n');
      if (printed.back().empty()) printed.pop_back();
      EXPECT_TRUE(OutputMatches(command.output, printed))
          << At(page, command.line) << command.text << "\nprints\n"
          << output << "and not\n"
          << absl::StrJoin(command.output, "\n");
    }
  }
}

TEST(Consoles, PrintWhatPagesShow) {
  int pages = 0;
  for (const Page& page : TheRepository().pages) {
    const bool has_console =
        std::any_of(page.blocks.begin(), page.blocks.end(),
                    [](const CodeBlock& block) { return block.language == "console"; });
    if (!has_console) continue;
    ++pages;
    ExpectConsolesAsShown(page);
  }
  EXPECT_GE(pages, 1);
}

// --- the log ---

TEST(Log, ThePageNamesEveryField) {
  const std::string page = Read("docs/log.md");
  for (const google::protobuf::Descriptor* type :
       {LogEvent::descriptor(), CellProbabilities::descriptor(),
        EdgeCandidateProbabilities::descriptor(), TrainEvent::descriptor()}) {
    for (int i = 0; i < type->field_count(); ++i) {
      EXPECT_THAT(page, ::testing::HasSubstr(absl::StrCat("`", type->field(i)->name(), "`")))
          << type->name();
    }
  }
}

// --- the book ---

TEST(Book, NamesEveryPageInItsTableOfContents) {
  const Page* contents = FindPage("docs/README.md");
  ASSERT_NE(contents, nullptr);
  std::set<std::string> named;
  for (const PageText& link : contents->links) named.insert(absl::StrCat("docs/", link.text));
  for (const Page& page : TheRepository().pages) {
    if (!absl::StartsWith(page.path, "docs/") || &page == contents) continue;
    EXPECT_EQ(named.count(page.path), 1u) << "docs/README.md does not name " << page.path;
  }
}

}  // namespace
}  // namespace pdarts
