// Copies the file: what is left of time and failures is the harness's own.
#include <filesystem>

#include "maskbench/masking/masker.h"

namespace maskbench {
namespace {

class NullMasker : public Masker {
 public:
  std::string Extension(const Recording& recording) const override {
    return recording.file.extension().string();
  }
  MaskReport Mask(const MaskJob& job) override {
    std::filesystem::copy_file(job.recording.file, job.output);
    MaskReport report;
    report.frames = job.recording.info.frame_count;
    return report;
  }
};

}  // namespace

void RegisterNull(Registry<Masker>* registry) {
  registry->Add<NoOptions>(
      {"null", 1, "Copies the file: the harness's own overhead.", {}},
      [](const NoOptions&, const Masker::Context&) { return std::make_unique<NullMasker>(); });
}

}  // namespace maskbench
