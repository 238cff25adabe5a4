#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/manifest.h"
#include "maskbench/pipeline/node.h"
#include "maskbench/pipeline/store.h"

namespace maskbench {

/// A maker's studio, opened when the first recording is to be drawn. Safe from several threads.
class LazyRecordingMaker {
 public:
  LazyRecordingMaker(const DatasetMaker& maker, MakerPlaces places)
      : maker_(maker), places_(std::move(places)) {}
  const RecordingMaker& Get();

 private:
  const DatasetMaker& maker_;
  const MakerPlaces places_;
  std::mutex mutex_;
  std::unique_ptr<const RecordingMaker> open_;
};

/// What all workers of a run share; none of it changes while they work.
struct RunContext {
  const RunConfig* config = nullptr;
  const Dataset* dataset = nullptr;
  const Plan* plan = nullptr;
  const Components* components = nullptr;
  const NetworkLibrary* networks = nullptr;
  /// Where the data set's relative paths start.
  std::filesystem::path dataset_root;
  /// The run's folder.
  std::filesystem::path out;
  /// Draws the recordings of a data set that is made; nullptr when they are files.
  LazyRecordingMaker* recording_maker = nullptr;
};

/// What a node left behind.
struct NodeResult {
  NodeOutcome outcome;
  Observations observations;
};

/// Does nodes one after the other on one thread, with networks and components of its own.
class Worker {
 public:
  explicit Worker(const RunContext& context);
  ~Worker();

  /// Never throws: what goes wrong is the outcome's reason.
  /// @param inputs  outcomes of the node's inputs, all done.
  /// @param seen  what the observer saw whose node is the input; nullptr when there is none.
  NodeResult Do(const Node& node, const std::vector<const NodeOutcome*>& inputs,
                const Observations* seen = nullptr);

  /// Masks a recording from file to file with everything it takes: reading, perception, masking,
  /// writing. Used by timed passes. @param seconds_by_stage  adds up "perceive" and "mask".
  /// @return frames.
  int64_t MaskWhole(const Node& node, const std::filesystem::path& source,
                    const std::filesystem::path& folder,
                    std::map<std::string, double>* seconds_by_stage);

 private:
  NodeResult Try(const Node& node, const std::vector<const NodeOutcome*>& inputs,
                 const Observations* seen, const std::filesystem::path& folder);
  void Render(const Node& node, const std::filesystem::path& folder, NodeOutcome* outcome);
  /// Moves or copies the truth of a recording's frames into the run's folder.
  void KeepTruth(const Node& node, const std::filesystem::path& truth, NodeOutcome* outcome) const;
  void Perceive(const std::filesystem::path& source, const std::filesystem::path& track,
                NodeOutcome* outcome);
  void Time(const Node& node, const std::vector<const NodeOutcome*>& inputs, NodeResult* result);
  /// Loads networks and warms caches on the recording's first frames.
  static void WarmUp(const Node& node, const std::filesystem::path& source,
                     const std::vector<std::unique_ptr<Worker>>& workers);
  Recording Anonymous(const Node& node, const std::filesystem::path& file) const;
  Masker& MaskerFor(const Node& node);
  Reconstructor& ReconstructorFor(const Node& node);
  /// What a mask node hands to its method. @param inputs  of the node.
  MaskJob JobOf(const Node& node, const std::vector<const NodeOutcome*>& inputs,
                const std::filesystem::path& folder);
  /// The face track that an observe node's observer gets: that of what was delivered; for oracles
  /// with the original's faces where it has none.
  std::filesystem::path TrackFor(const std::vector<const NodeOutcome*>& inputs,
                                 const std::filesystem::path& folder) const;
  /// A link to the truth of the node's recording under a name that tells nothing; nothing where
  /// there is none, and for every method that is not registered as an oracle.
  std::optional<std::filesystem::path> TruthForOracle(const Node& node,
                                                      const std::filesystem::path& folder) const;
  /// AnonymousPatient of the node's recording for methods that are registered as needing it.
  std::string PatientOf(const Node& node) const;
  /// Moves a finished file to its place and notes its hash.
  void Keep(const Node& node, const std::filesystem::path& file, NodeOutcome* outcome) const;
  /// The same with what a mask stored beside it, if it did.
  void KeepStored(const std::filesystem::path& stored, NodeOutcome* outcome) const;

  /// Frames of a recording as they were drawn, kept until another file's are asked for.
  const std::vector<cv::Mat>& PicturesOf(const std::filesystem::path& file,
                                         const std::vector<int64_t>& frames);

  const RunContext& context_;
  std::filesystem::path pictured_file_;
  std::vector<int64_t> pictured_frames_;
  std::vector<cv::Mat> pictures_;
  std::unique_ptr<FaceTracker> tracker_;
  std::map<std::string, std::unique_ptr<Masker>> maskers_;
  std::map<std::string, std::unique_ptr<Reconstructor>> reconstructors_;  ///< By options.
  /// By name, with the options it was made with.
  std::map<std::string, std::pair<std::unique_ptr<Observer>, Json>> observers_;
};

}  // namespace maskbench
