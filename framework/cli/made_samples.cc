#include "made_samples.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/media/frame_source.h"
#include "maskbench/media/video_writer.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/pipeline/dataset_maker.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

constexpr int kWidth = 480, kHeight = 360;
constexpr double kRateHz = 12;

/// Grey, and no finer than an encoder keeps at 4:2:0: what differs afterwards was masked.
cv::Mat Waves(cv::Size size, int frame) {
  cv::Mat bgr(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double a = std::sin(0.45 * x + 0.3 * frame), b = std::sin(0.35 * y - 0.1 * x);
      bgr.at<cv::Vec3b>(y, x) = cv::Vec3b::all(cv::saturate_cast<uchar>(128 + 50 * (a + b)));
    }
  }
  return bgr;
}

}  // namespace

SampleMaker::SampleMaker(const Program& program, const NetworkLibrary& networks,
                         const FaceTrackerOptions& perception, fs::path folder)
    : program_(program), tracker_(networks, perception), folder_(std::move(folder)) {}

template <class MakeFrames>
const MadeSample& SampleMaker::Make(const std::string& name, MakeFrames make) {
  for (const auto& sample : made_)
    if (sample->name == name) return *sample;
  const fs::path folder = folder_ / name;
  fs::create_directories(folder);
  auto sample = std::make_unique<MadeSample>();
  sample->name = name;
  // As a run names them: nothing can be told from the name.
  sample->recording.anonymous_id = fmt::format("r{:015x}", made_.size() + 1);
  sample->recording.file = folder / "source.mkv";
  sample->track = folder / "faces.track";
  const std::vector<cv::Mat> frames = make(folder, sample.get());
  const auto writer = VideoWriter::Intermediate(sample->recording.file, frames.front().size(),
                                                {static_cast<int>(kRateHz), 1});
  for (const cv::Mat& frame : frames) writer->Write(frame);
  writer->Finish();
  sample->recording.info = ProbeMedia(sample->recording.file);
  FaceTrackWriter track(sample->track, sample->recording.info);
  tracker_.Reset();
  for (const cv::Mat& frame : frames) track.Write(tracker_.Process(frame));
  track.Finish();
  made_.push_back(std::move(sample));
  return *made_.back();
}

const MadeSample& SampleMaker::Person(int person, int day) {
  return Make(fmt::format("person{}_day{}", person + 1, day + 1), [&](const fs::path& folder,
                                                                      MadeSample* sample) {
    DatasetRecipe recipe;
    recipe.maker = "virtual_clinic";
    recipe.seed = kSampleSeed;
    recipe.patients = kSamplePeople;
    recipe.recordings = kSampleDays;
    recipe.seconds = 1;
    recipe.rate_hz = kRateHz;
    recipe.width_px = kWidth;
    recipe.height_px = kHeight;
    const DatasetMaker& maker = FindDatasetMaker(program_.components->dataset_makers, recipe.maker);
    const MadeDataset people = maker.Describe(recipe);
    const std::string& subject = people.dataset.subjects.at(person).id;
    int wanted = day;
    std::vector<cv::Mat> frames;
    for (size_t i = 0; i < people.recipes.size(); ++i) {
      if (people.dataset.recordings[i].subject != subject || wanted-- != 0) continue;
      const fs::path video = folder / "recorded.mp4", truth = folder / "truth.msgpack";
      maker.Open(program_.Places())->Make(people.recipes[i], video, truth);
      sample->truth = truth;
      const auto source = OpenFrames(video);
      for (Frame frame; source->Next(&frame);) frames.push_back(frame.bgr.clone());
    }
    return frames;
  });
}

const MadeSample& SampleMaker::OddSize() {
  const fs::path person = Person(1, 0).recording.file;
  return Make("odd_size", [&](const fs::path&, MadeSample*) {
    std::vector<cv::Mat> frames;
    const auto source = OpenFrames(person);
    for (Frame frame; frames.size() < 6 && source->Next(&frame);) {
      cv::resize(frame.bgr, frames.emplace_back(), {321, 241}, 0, 0, cv::INTER_AREA);
    }
    return frames;
  });
}

const MadeSample& SampleMaker::OneFrame() {
  const fs::path person = Person(0, 0).recording.file;
  return Make("one_frame", [&](const fs::path&, MadeSample*) {
    Frame frame;
    OpenFrames(person)->Next(&frame);
    return std::vector<cv::Mat>{frame.bgr};
  });
}

const MadeSample& SampleMaker::NoFace() {
  return Make("no_face", [&](const fs::path&, MadeSample*) {
    std::vector<cv::Mat> frames;
    for (int i = 0; i < 6; ++i) frames.push_back(Waves({320, 240}, i));
    return frames;
  });
}

}  // namespace maskbench
