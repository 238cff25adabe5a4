#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/cli/command_line.h"
#include "maskbench/media/recording.h"
#include "maskbench/nn/network_library.h"
#include "maskbench/perception/face_tracker.h"

namespace maskbench {

/// A short recording that was made to try methods on, as a run would hand it over.
struct MadeSample {
  std::string name;     ///< "usual_video"; its folder, too.
  Recording recording;  ///< Lossless, under an anonymous id.
  std::filesystem::path track;
  std::optional<std::filesystem::path> truth;  ///< Where people were drawn and left as they were.
};

/// Who is drawn: always the same rendered people of `virtual_clinic`, of whom no figure is given.
inline constexpr std::uint64_t kSampleSeed = 4242;
inline constexpr int kSamplePeople = 3;
inline constexpr int kSampleDays = 2;

/// Makes samples below a folder; rendered people are drawn when they are first asked for. Throws
/// DataError where networks or head models are missing.
class SampleMaker {
 public:
  SampleMaker(const Program& program, const NetworkLibrary& networks,
              const FaceTrackerOptions& perception, std::filesystem::path folder);

  /// One second of a rendered person on one of kSampleDays days: 480×360, 12 frames.
  const MadeSample& Person(int person, int day);
  /// The second person at 321×241, 6 frames.
  const MadeSample& OddSize();
  /// The first frame of the first person.
  const MadeSample& OneFrame();
  /// Grey waves, 320×240, 6 frames: nobody is there.
  const MadeSample& NoFace();

 private:
  template <class MakeFrames>
  const MadeSample& Make(const std::string& name, MakeFrames make);

  const Program& program_;
  FaceTracker tracker_;
  std::filesystem::path folder_;
  std::vector<std::unique_ptr<MadeSample>> made_;
};

}  // namespace maskbench
