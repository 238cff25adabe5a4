// Videos that were masked elsewhere.
#include "maskbench/masking/premade.h"

#include <filesystem>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/masking/masker.h"
#include "maskbench/media/frame_source.h"

namespace maskbench {
namespace {

struct PremadeOptions {
  std::string folder;

  static const OptionTable<PremadeOptions>& Options() {
    static const auto table = OptionTable<PremadeOptions>().Add(
        "folder", &PremadeOptions::folder,
        "Folder with one video per recording, named by the recording's id in the manifest "
        "(s01_r1.mp4).",
        {Required(), NotEmpty()});
    return table;
  }
};

class Premade : public Masker {
 public:
  std::string Extension(const Recording&) const override { return ".video"; }

  MaskReport Mask(const MaskJob& job) override {
    if (!job.companion) throw DataError("the folder holds no video of this recording.");
    std::filesystem::copy_file(*job.companion, job.output);
    MaskReport report;
    const std::unique_ptr<FrameSource> source = OpenFrames(job.output);
    Frame frame;
    while (source->Next(&frame)) ++report.frames;
    if (report.frames != job.recording.info.frame_count) {
      throw DataError(fmt::format("the premade video has {} frames; the recording has {}.",
                                  report.frames, job.recording.info.frame_count));
    }
    return report;
  }
};

}  // namespace

std::optional<std::filesystem::path> PremadeFile(const Json& options,
                                                 const std::string& recording_id) {
  for (const char* extension : {".mp4", ".mkv", ".webm", ".avi", ".mov"}) {
    const std::filesystem::path file =
        std::filesystem::path(options.value("folder", "")) / (recording_id + extension);
    if (std::filesystem::exists(file)) return file;
  }
  return std::nullopt;
}

void RegisterPremade(Registry<Masker>* registry) {
  registry->Add<PremadeOptions>(
      {kPremadeType, 1, "A folder of videos that were masked elsewhere.", {}},
      [](const PremadeOptions&, const Masker::Context&) { return std::make_unique<Premade>(); });
}

}  // namespace maskbench
