// The patients of virtual_clinic, filmed by a poor camera in a dim room.
#include <opencv2/core.hpp>

#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/media/video_writer.h"
#include "maskbench/pipeline/components.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

constexpr double kLight = 0.35;     // Of what the clinic's own camera gets.
constexpr double kNoiseLevels = 6;  // Standard deviation in every pixel, grey levels.
constexpr char kClinic[] = "virtual_clinic";

class DimRecordings : public RecordingMaker {
 public:
  explicit DimRecordings(std::unique_ptr<const RecordingMaker> clinic)
      : clinic_(std::move(clinic)) {}

  void Make(const Json& recipe, const fs::path& video, const fs::path& truth) const override {
    const TemporaryFolder folder;
    const fs::path bright = folder.path() / "bright.mp4", dim = folder.path() / "dim.mp4";
    clinic_->Make(recipe, bright, truth);
    const std::unique_ptr<FrameSource> source = OpenFrames(bright);
    const MediaInfo& info = source->info();
    const std::unique_ptr<VideoWriter> writer =
        VideoWriter::Delivery(dim, {info.width_px, info.height_px}, info.rate, {});
    NamedRandom random(1, recipe.dump(), "noise of the camera");  // Of the recipe alone.
    for (Frame frame; source->Next(&frame);) {
      for (int row = 0; row < frame.bgr.rows; ++row) {
        uint8_t* values = frame.bgr.ptr<uint8_t>(row);
        for (int i = 0; i < 3 * frame.bgr.cols; ++i)
          values[i] =
              cv::saturate_cast<uint8_t>(kLight * values[i] + kNoiseLevels * random.Normal());
      }
      writer->Write(frame.bgr);
    }
    writer->Finish();
    WriteFileAtomically(video, ReadFile(dim));
  }

 private:
  std::unique_ptr<const RecordingMaker> clinic_;
};

class DimRoom : public DatasetMaker {
 public:
  explicit DimRoom(const DatasetMaker& clinic) : clinic_(clinic) {}

  std::string Name() const override { return "dim_room"; }
  std::string Summary() const override {
    return "The patients of virtual_clinic, filmed by a poor camera in a dim room.";
  }
  int Version() const override { return 1; }
  std::vector<std::pair<std::string, std::string>> Presets() const override {
    return clinic_.Presets();
  }

  MadeDataset Describe(const DatasetRecipe& recipe) const override {
    MadeDataset made = clinic_.Describe(recipe);
    made.dataset.name = made.dataset.made.maker = Name();
    made.dataset.title = Summary();
    // What the pictures are made from includes the version of the clinic that draws them.
    for (Json& one : made.recipes) one["clinic_version"] = clinic_.Version();
    return made;
  }

  std::string Fingerprint(const MakerPlaces& places) const override {
    return clinic_.Fingerprint(places);
  }
  std::unique_ptr<const RecordingMaker> Open(const MakerPlaces& places) const override {
    return std::make_unique<DimRecordings>(clinic_.Open(places));
  }
  std::vector<fs::path> DrawSheets(const MakerPlaces& places, std::uint64_t seed,
                                   const fs::path& folder,
                                   const Progress& progress) const override {
    return clinic_.DrawSheets(places, seed, folder, progress);
  }

 private:
  const DatasetMaker& clinic_;
};

}  // namespace

void RegisterDimRoom(DatasetMakers* makers) {
  // The list may grow; what it points to stays where it is.
  makers->push_back(std::make_unique<DimRoom>(FindDatasetMaker(*makers, kClinic)));
}

}  // namespace maskbench
