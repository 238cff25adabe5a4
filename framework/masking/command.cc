// An external program as a masking method.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"
#include "maskbench/masking/masker.h"
#include "maskbench/masking/premade.h"
#include "maskbench/masking/subprocess.h"
#include "maskbench/media/frame_source.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

struct CommandOptions {
  std::vector<std::string> command;
  double time_limit_s = 600;
  std::string extension = ".mp4";
  std::string sandbox = "when_installed";
  std::vector<std::string> visible_folders;

  static const OptionTable<CommandOptions>& Options() {
    static const auto table =
        OptionTable<CommandOptions>()
            .Add("command", &CommandOptions::command,
                 "Program and arguments, run without a shell. {input} and {output} stand for the "
                 "recording to read and the file to write.",
                 {Required(), NotEmpty()})
            .Add("time_limit_s", &CommandOptions::time_limit_s,
                 "Seconds after which the program is killed and the case has failed.",
                 {Range(0.1, 86400)})
            .Add("extension", &CommandOptions::extension, "Ending of the output's file name.",
                 {OneOf({".mp4", ".mkv", ".webm", ".avi", ".mov"})})
            .Add("sandbox", &CommandOptions::sandbox,
                 "bubblewrap hides the network and all files but the system's, the program's own "
                 "folder and this recording. when_installed falls back to running without, which "
                 "the report says.",
                 {OneOf({"when_installed", "required", "never"})})
            .Add("visible_folders", &CommandOptions::visible_folders,
                 "Further folders that the sandboxed program may read.")
            .Check([](const CommandOptions& options, const std::string& path, Problems* problems) {
              for (const char* placeholder : {"{input}", "{output}"}) {
                const bool found = std::any_of(options.command.begin(), options.command.end(),
                                               [&](const std::string& part) {
                                                 return part.find(placeholder) != std::string::npos;
                                               });
                if (!found) {
                  problems->Add(
                      path + ".command",
                      fmt::format("names no {}, so the program cannot know its file", placeholder));
                }
              }
            });
    return table;
  }
};

std::vector<std::string> PlainEnvironment() {
  std::vector<std::string> environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp",
                                          "LANG=C.UTF-8"};
  if (const char* path = std::getenv("PATH")) environment[0] = std::string("PATH=") + path;
  return environment;
}

/// True when bubblewrap is installed and may make its name spaces here.
bool SandboxWorks() {
  static const bool works = [] {
    try {
      return RunSubprocess({"bwrap", "--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink",
                            "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--symlink",
                            "usr/bin", "/bin", "--dev", "/dev", "--proc", "/proc", "true"},
                           PlainEnvironment(), 10)
          .good();
    } catch (const DataError&) {
      return false;
    }
  }();
  return works;
}

class CommandMasker : public Masker {
 public:
  explicit CommandMasker(const CommandOptions& options) : options_(options) {}

  std::string Extension(const Recording&) const override { return options_.extension; }

  MaskReport Mask(const MaskJob& job) override {
    const bool sandboxed = options_.sandbox != "never" && SandboxWorks();
    if (options_.sandbox == "required" && !sandboxed) {
      throw DataError("the sandbox is required, but bubblewrap is not installed or may not run.");
    }
    const fs::path input = fs::absolute(job.recording.file), output = fs::absolute(job.output);
    std::vector<std::string> program;
    for (std::string part : options_.command) {
      for (const auto& [placeholder, file] :
           {std::pair<std::string, fs::path>("{input}", input), {"{output}", output}}) {
        for (size_t at = part.find(placeholder); at != std::string::npos;
             at = part.find(placeholder, at + file.string().size())) {
          part.replace(at, placeholder.size(), file.string());
        }
      }
      program.push_back(part);
    }
    std::vector<std::string> arguments;
    if (sandboxed) arguments = SandboxArguments(input, output, program[0]);
    arguments.insert(arguments.end(), program.begin(), program.end());
    const SubprocessResult result =
        RunSubprocess(arguments, PlainEnvironment(), options_.time_limit_s);
    const std::string said =
        result.standard_error.empty()
            ? ""
            : fmt::format(" It said: {}",
                          result.standard_error.substr(
                              0, result.standard_error.find_last_not_of("\r\n ") + 1));
    if (result.timed_out) {
      throw DataError(fmt::format("the command was stopped after its time limit of {} s.{}",
                                  NumberText(options_.time_limit_s), said));
    }
    if (result.signal != 0) {
      throw DataError(fmt::format("the command was ended by signal {} ({}).{}", result.signal,
                                  strsignal(result.signal), said));
    }
    if (result.exit_status != 0) {
      throw DataError(fmt::format("the command ended with status {}.{}", result.exit_status, said));
    }
    if (!fs::exists(output)) {
      throw DataError(fmt::format("the command ended well but wrote no file.{}", said));
    }
    MaskReport report;
    report.frames = CheckedFrameCount(job);
    report.notes["sandbox"] = sandboxed ? "bubblewrap" : "none";
    if (!result.standard_error.empty()) report.notes["standard_error"] = result.standard_error;
    return report;
  }

 private:
  std::vector<std::string> SandboxArguments(const fs::path& input, const fs::path& output,
                                            const std::string& program) const {
    std::vector<std::string> arguments = {
        "bwrap", "--die-with-parent", "--unshare-all", "--dev", "/dev", "--proc",
        "/proc", "--tmpfs",           "/tmp"};
    const auto bind = [&arguments](const char* how, const std::string& path) {
      arguments.insert(arguments.end(), {how, path, path});
    };
    for (const char* folder :
         {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt"}) {
      bind("--ro-bind-try", folder);
    }
    const fs::path program_folder = fs::path(program).parent_path();
    if (!program_folder.empty()) bind("--ro-bind-try", fs::absolute(program_folder).string());
    for (const std::string& folder : options_.visible_folders) bind("--ro-bind", folder);
    bind("--ro-bind", input.string());
    bind("--bind", output.parent_path().string());
    return arguments;
  }

  static int64_t CheckedFrameCount(const MaskJob& job) {
    int64_t frames = 0;
    const std::unique_ptr<FrameSource> source = OpenFrames(job.output);
    Frame frame;
    while (source->Next(&frame)) ++frames;
    if (frames != job.recording.info.frame_count) {
      throw DataError(fmt::format("the command wrote {} frames; the recording has {}.", frames,
                                  job.recording.info.frame_count));
    }
    if (std::abs(source->info().rate.hz() / job.recording.info.rate.hz() - 1) > 1e-3) {
      throw DataError(fmt::format("the command wrote {} frames per second; the recording has {}.",
                                  source->info().rate.hz(), job.recording.info.rate.hz()));
    }
    return frames;
  }

  CommandOptions options_;
};

}  // namespace

void RegisterCommand(Registry<Masker>* registry) {
  registry->Add<CommandOptions>(
      {kCommandType, 1, "An external program that reads {input} and writes {output}.", {}},
      [](const CommandOptions& options, const Masker::Context&) {
        return std::make_unique<CommandMasker>(options);
      });
}

}  // namespace maskbench
