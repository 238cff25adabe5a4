// What the documentation says can be typed: every command of the program is one that it
// understands, every script exists.
#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/text.h"

#include "cli/program.h"

namespace maskbench {
namespace {

const std::filesystem::path& Source() {
  static const std::filesystem::path source = MASKBENCH_SOURCE_DIR;
  return source;
}

std::vector<std::filesystem::path> Documents() {
  std::vector<std::filesystem::path> documents;
  for (const auto& entry : std::filesystem::directory_iterator(Source()))
    if (entry.path().extension() == ".md") documents.push_back(entry.path());
  for (const char* folder : {"docs", "datasets", "examples", "framework", "reports"}) {
    if (!std::filesystem::exists(Source() / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(Source() / folder))
      if (entry.path().extension() == ".md") documents.push_back(entry.path());
  }
  std::sort(documents.begin(), documents.end());
  return documents;
}

/// Lines of the shell blocks of a document, continued ones joined, without comments.
std::vector<std::string> ShellLines(const std::filesystem::path& document) {
  std::istringstream text(ReadFile(document));
  std::vector<std::string> lines;
  std::string line, joined;
  bool inside = false;
  while (std::getline(text, line)) {
    if (line.rfind("```", 0) == 0) {
      inside = !inside && (line == "```sh" || line == "```bash");
      continue;
    }
    if (!inside) continue;
    if (!line.empty() && line.back() == '\\') {
      joined += line.substr(0, line.size() - 1) + " ";
      continue;
    }
    joined += line;
    lines.push_back(joined);
    joined.clear();
  }
  return lines;
}

/// Words as a shell would split them: quotes, and no further expansion. A comment, a pipe or a
/// redirection ends them. Variables that the document set are put in.
std::vector<std::string> Words(const std::string& line,
                               const std::map<std::string, std::string>& variables) {
  std::vector<std::string> words;
  std::string word;
  bool any = false;
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      any = true;
    } else if (c == ' ') {
      if (any || !word.empty()) words.push_back(word);
      word.clear();
      any = false;
    } else if ((c == '#' && word.empty()) || c == '|' || c == '>' || c == ';' || c == '&') {
      break;
    } else if (c == '$') {
      std::string name;
      while (i + 1 < line.size() &&
             (std::isalnum(static_cast<unsigned char>(line[i + 1])) != 0 || line[i + 1] == '_'))
        name += line[++i];
      const auto found = variables.find(name);
      if (found == variables.end()) {
        word += "$" + name;
        continue;
      }
      // Spaces of an unquoted variable part words.
      for (const char v : found->second) {
        if (v != ' ') {
          word += v;
        } else if (!word.empty()) {
          words.push_back(word);
          word.clear();
        }
      }
    } else {
      word += c;
    }
  }
  if (any || !word.empty()) words.push_back(word);
  return words;
}

struct Command {
  std::filesystem::path document;
  std::string line;
  std::vector<std::string> words;  ///< The program first; settings of variables left out.
};

std::vector<Command> Commands() {
  std::vector<Command> commands;
  for (const std::filesystem::path& document : Documents()) {
    std::map<std::string, std::string> variables;
    for (const std::string& line : ShellLines(document)) {
      std::vector<std::string> words = Words(line, variables);
      while (!words.empty()) {
        const size_t equals = words.front().find('=');
        if (equals == std::string::npos || words.front()[0] == '-') break;
        variables[words.front().substr(0, equals)] = words.front().substr(equals + 1);
        words.erase(words.begin());
      }
      if (!words.empty())
        commands.push_back({std::filesystem::relative(document, Source()), line, words});
    }
  }
  return commands;
}

TEST(DocsCommands, AreUnderstoodByTheProgram) {
  std::filesystem::current_path(Source());
  int count = 0;
  for (const Command& command : Commands()) {
    const std::string program = std::filesystem::path(command.words[0]).filename();
    // Two pages are typed by tests of their own.
    if (program != "maskbench" || command.document == "docs/tutorial.md" ||
        command.document == "docs/own_methods.md")
      continue;
    SCOPED_TRACE(command.document.string() + ": " + command.line);
    ++count;
    std::vector<std::string> arguments = {"--check-only"};
    arguments.insert(arguments.end(), command.words.begin() + 1, command.words.end());
    const ProgramResult result = RunProgram(arguments);
    // Files that a command before it makes are not there, nor the reader's own.
    if ((result.errors.find("/build/") != std::string::npos &&
         result.errors.find("does not exist") != std::string::npos) ||
        result.errors.find("my_clinic/first.json cannot be read") != std::string::npos)
      continue;
    EXPECT_EQ(result.exit_code, 0) << result.errors;
  }
  EXPECT_GE(count, 40);
}

TEST(DocsCommands, NameScriptsAndBenchesThatExist) {
  int count = 0;
  for (const Command& command : Commands()) {
    for (const std::string& word : command.words) {
      SCOPED_TRACE(command.document.string() + ": " + command.line);
      if (word.rfind("scripts/", 0) == 0 && word.find('*') == std::string::npos) {
        EXPECT_TRUE(std::filesystem::exists(Source() / word)) << word;
        ++count;
      }
      const std::string name = std::filesystem::path(word).filename();
      if (name.size() > 6 && name.compare(name.size() - 6, 6, "_bench") == 0) {
        EXPECT_TRUE(std::filesystem::exists(Source() / "bench" / (name + ".cc"))) << word;
        ++count;
      }
    }
  }
  EXPECT_GE(count, 5);
}

// A name that does not exist is refused: the test above can fail.
TEST(DocsCommands, CheckOnlyFindsWhatIsWrongAndDoesNothing) {
  std::filesystem::current_path(Source());
  const TemporaryFolder folder;
  const std::string out = folder.path() / "run";
  EXPECT_EQ(RunProgram({"--check-only", "run", "configs/quickstart.json", "--out", out}).exit_code,
            0);
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_EQ(RunProgram({"--check-only", "run", "configs/quickstart.json", "--out", out, "--set",
                        "variants.blur.sigma_fase=1"})
                .exit_code,
            2);
  EXPECT_EQ(RunProgram({"--check-only", "mask", "--variants", "eye_bar", "a", "b"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"--check-only", "mask", "--variant", "eye_bar", "a", "b"}).exit_code, 0);
}

}  // namespace
}  // namespace maskbench
