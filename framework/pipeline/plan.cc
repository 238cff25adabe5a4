#include "maskbench/pipeline/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "maskbench/clinical/reader.h"
#include "maskbench/core/error.h"
#include "maskbench/core/hash.h"
#include "maskbench/masking/masker.h"
#include "maskbench/masking/premade.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/subject_order.h"
#include "maskbench/recognition/npy_descriptors.h"

namespace maskbench {
namespace {

constexpr int kTimedPassVersion = 1;

class Planner {
 public:
  Planner(const RunConfig& config, const Dataset& dataset, const Components& components,
          const NetworkLibrary& networks, const std::filesystem::path& config_folder,
          const MakerPlaces& places)
      : config_(config),
        dataset_(dataset),
        components_(components),
        networks_(networks),
        config_folder_(config_folder) {
    if (dataset.made.maker.empty()) return;
    maker_ = &FindDatasetMaker(components.dataset_makers, dataset.made.maker);
    raw_material_ = maker_->Fingerprint(places);
    const MadeDataset made = maker_->Describe(dataset.made);
    for (size_t i = 0; i < made.recipes.size(); ++i)
      recipes_[made.dataset.recordings[i].id] = made.recipes[i];
  }

  Plan Make() {
    std::vector<const LabelledRecording*> chosen;
    for (const LabelledRecording& recording : dataset_.recordings) {
      if (TakesPart(recording)) chosen.push_back(&recording);
    }
    const SubjectOrder order(chosen, config_.seed);
    const std::set<std::string> subjects = order.First(config_.fraction);
    for (const auto& item : config_.shares.items())
      variant_subjects_[item.key()] = order.First(config_.fraction * item.value().get<double>());
    for (const LabelledRecording* recording : chosen) {
      if (subjects.count(recording->subject) > 0) AddRecording(*recording);
    }
    if (plan_.recordings.empty()) {
      throw UsageError(
          fmt::format("no recording of \"{}\" is left by dataset.recordings and "
                      "dataset.split (\"{}\").",
                      dataset_.name, config_.dataset.split));
    }
    if (!config_.timing.workers.empty()) AddTimedPasses();
    return std::move(plan_);
  }

 private:
  bool TakesPart(const LabelledRecording& recording) const {
    const auto& chosen = config_.dataset.recordings;
    if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), recording.id) == chosen.end()) {
      return false;
    }
    const std::string& split = config_.dataset.split;
    return split == "all" || dataset_.FindSubject(recording.subject)->split == split;
  }

  int Add(Node node, const Json& outside) {
    Json inputs = Json::array();
    for (const int input : node.inputs) inputs.push_back(plan_.nodes[input].key);
    node.key = Sha256OfBytes(CanonicalJson({{"stage", ToString(node.stage)},
                                            {"component", node.component},
                                            {"version", node.version},
                                            {"options", node.options},
                                            {"outside", outside},
                                            {"inputs", inputs}}));
    // Two variants with equal options are still two cases, each with artefacts of its own name.
    plan_.nodes.push_back(std::move(node));
    return static_cast<int>(plan_.nodes.size()) - 1;
  }

  Json Fingerprints(const std::vector<std::string>& names) const {
    Json fingerprints = Json::object();
    for (const std::string& name : names) fingerprints[name] = networks_.Fingerprint(name);
    return fingerprints;
  }

  Node NodeOf(Stage stage, const LabelledRecording& recording, const std::string& component,
              int version, Json options, std::vector<int> inputs) const {
    Node node;
    node.stage = stage;
    node.component = component;
    node.version = version;
    node.options = std::move(options);
    node.recording = recording.id;
    node.anonymous_id = AnonymousId(config_.seed, dataset_.name, recording.id);
    node.inputs = std::move(inputs);
    return node;
  }

  int AddPerception(const LabelledRecording& recording, int source, const std::string& variant) {
    Node node = NodeOf(Stage::kPerceive, recording, "face_tracker", FaceTracker::kVersion,
                       FaceTrackerOptions::Options().ToJson(config_.perception), {source});
    node.variant = variant;
    return Add(node, Fingerprints(FaceTracker::NetworkNames(config_.perception)));
  }

  int AddReading(const LabelledRecording& recording) {
    const Node source =
        NodeOf(Stage::kRender, recording, "recording_file", kRecordingFileVersion,
               {{"first_frame", recording.first_frame},
                {"frame_count", recording.frame_count ? Json(*recording.frame_count) : Json()},
                {"rate_hz", recording.rate_hz}},
               {});
    return Add(source, {{"sha256", recording.sha256}, {"id", source.anonymous_id}});
  }

  int AddDrawing(const LabelledRecording& recording) {
    const auto recipe = recipes_.find(recording.id);
    if (recipe == recipes_.end()) {
      throw UsageError(fmt::format("recording \"{}\" of \"{}\" is not what \"{}\" makes.",
                                   recording.id, dataset_.name, maker_->Name()));
    }
    const Node source =
        NodeOf(Stage::kRender, recording, maker_->Name(), maker_->Version(), recipe->second, {});
    return Add(source, {{"raw_material", raw_material_},
                        {"reading", kRecordingFileVersion},
                        {"id", source.anonymous_id}});
  }

  /// One node for all variants that start from the same. @param made  by component and options.
  int AddReconstruction(const LabelledRecording& recording, int render, int perceive,
                        const ComponentChoice& wanted, std::map<std::string, int>* made) {
    const auto [entry, fresh] =
        made->emplace(wanted.type + " " + CanonicalJson(wanted.options), -1);
    if (!fresh) return entry->second;
    const ComponentInfo& info = components_.reconstructors.Info(wanted.type);
    Node node = NodeOf(Stage::kReconstruct, recording, wanted.type, info.version, wanted.options,
                       {render, perceive});
    entry->second = Add(node, Fingerprints(info.networks));
    return entry->second;
  }

  void AddRecording(const LabelledRecording& recording) {
    plan_.recordings.push_back(recording.id);
    const int render = maker_ != nullptr ? AddDrawing(recording) : AddReading(recording);
    const int perceive = AddPerception(recording, render, "");
    std::map<std::string, int> reconstructions;
    for (const ComponentChoice& variant : config_.variants) {
      const auto share = variant_subjects_.find(variant.name);
      if (share != variant_subjects_.end() && share->second.count(recording.subject) == 0) continue;
      const ComponentInfo& info = components_.maskers.Info(variant.type);
      Node node = NodeOf(Stage::kMask, recording, variant.type, info.version, variant.options,
                         {render, perceive});
      node.variant = variant.name;
      if (info.reconstruction) {
        if (const auto wanted = info.reconstruction(variant.options))
          node.inputs.push_back(
              AddReconstruction(recording, render, perceive, *wanted, &reconstructions));
      }
      Json outside = {{"name", variant.name},
                      {"seed", config_.seed},
                      {"delivery", DeliveryOptions::Options().ToJson(config_.delivery)},
                      {"networks", Fingerprints(info.networks)}};
      if (config_.frames > 0) outside["frames"] = config_.frames;
      if (info.needs_patient) outside["patient"] = AnonymousPatient(recording.subject);
      if (variant.type == kPremadeType) AddCompanion(recording, &node, &outside);
      if (variant.type == kCommandType) outside["files"] = FilesOfCommand(variant.options);
      const int mask = Add(node, outside);
      if (config_.observers.empty()) continue;
      const int perceive_masked = AddPerception(recording, mask, variant.name);
      std::map<std::string, int> observe_nodes;
      // Those who read others' observations come after them.
      for (const bool reads : {false, true}) {
        for (const ComponentChoice& observer : config_.observers) {
          const ComponentChoice* basis = BasisOf(observer);
          if ((basis != nullptr) != reads) continue;
          const ComponentInfo& observer_info = components_.observers.Info(observer.type);
          const std::vector<int> inputs = reads ? std::vector<int>{observe_nodes.at(basis->name)}
                                                : std::vector<int>{mask, perceive_masked};
          Node observe = NodeOf(Stage::kObserve, recording, observer.type, observer_info.version,
                                observer.options, inputs);
          if (!reads && TakesOracleLandmarks(components_, observer))
            observe.inputs.push_back(perceive);
          observe.variant = variant.name;
          observe.observer = observer.name;
          if (observer.type == kNpyDescriptorsType) AddRow(recording, &observe);
          // Networks are the concern of who looks.
          const Json networks = reads ? Json::object() : Fingerprints(observer_info.networks);
          observe_nodes[observer.name] =
              Add(observe, {{"name", observer.name}, {"networks", networks}});
        }
      }
    }
  }

  /// The observer of this run whose observations are all that `observer` needs; nullptr when it has
  /// to look itself. Options that both know must be the same, its other ones the defaults.
  const ComponentChoice* BasisOf(const ComponentChoice& observer) const {
    const std::string type = ReadsFrom(observer.type);
    if (type.empty()) return nullptr;
    Problems problems;
    Json wanted = components_.observers.Complete(type, Json::object(), "", &problems);
    for (const auto& option : wanted.items())
      if (observer.options.contains(option.key())) option.value() = observer.options[option.key()];
    for (const ComponentChoice& other : config_.observers)
      if (other.type == type && other.options == wanted) return &other;
    return nullptr;
  }

  void AddCompanion(const LabelledRecording& recording, Node* node, Json* outside) const {
    Json options = node->options;
    options["folder"] = (config_folder_ / options.value("folder", "")).lexically_normal().string();
    node->options.erase("folder");
    const std::optional<std::filesystem::path> file = PremadeFile(options, recording.id);
    if (file) node->companion = file->string();
    (*outside)["companion_sha256"] = file ? Json(Sha256OfFile(*file)) : Json();
  }

  /// Where the template of the node's recording stands in a file of templates.
  void AddRow(const LabelledRecording& recording, Node* node) {
    const auto file = node->options.at("file").at("file").get<std::string>();
    auto index = descriptor_rows_.find(file);
    if (index == descriptor_rows_.end()) {
      index = descriptor_rows_.emplace(file, NpyDescriptorIndex(file)).first;
    }
    node->options["row"] = index->second.RowOf(recording.id, node->variant);
  }

  /// Programs and scripts that a command names as files: a changed one is another method.
  static Json FilesOfCommand(const Json& options) {
    Json files = Json::array();
    for (const Json& part : options.value("command", Json::array())) {
      const std::filesystem::path file = part.get<std::string>();
      if (std::filesystem::is_regular_file(file)) files.push_back(Sha256OfFile(file));
    }
    return files;
  }

  /// One recording stands for all: the first that is long enough, or else the longest.
  const LabelledRecording& TimedRecording() const {
    const LabelledRecording* longest = dataset_.FindRecording(plan_.recordings.front());
    const auto length = [](const LabelledRecording& recording) {
      return recording.frame_count.value_or(1);
    };
    for (const std::string& id : plan_.recordings) {
      const LabelledRecording* recording = dataset_.FindRecording(id);
      if (length(*recording) >= config_.timing.min_frames) return *recording;
      if (length(*recording) > length(*longest)) longest = recording;
    }
    return *longest;
  }

  void AddTimedPasses() {
    const LabelledRecording& recording = TimedRecording();
    const auto find = [&](Stage stage, const std::string& variant) {
      const auto found =
          std::find_if(plan_.nodes.begin(), plan_.nodes.end(), [&](const Node& node) {
            return node.stage == stage && node.recording == recording.id && node.variant == variant;
          });
      return static_cast<int>(found - plan_.nodes.begin());
    };
    for (const ComponentChoice& variant : config_.variants) {
      for (const int workers : config_.timing.workers) {
        for (int repeat = 0; repeat < config_.timing.repeats; ++repeat) {
          Node node = NodeOf(Stage::kTime, recording, variant.type, kTimedPassVersion,
                             {{"workers", workers}, {"repeat", repeat}},
                             {find(Stage::kRender, ""), find(Stage::kMask, variant.name)});
          node.variant = variant.name;
          Add(node, Json::object());
        }
      }
    }
  }

  const RunConfig& config_;
  const Dataset& dataset_;
  const Components& components_;
  const NetworkLibrary& networks_;
  std::filesystem::path config_folder_;
  // Where recordings are drawn during the run.
  const DatasetMaker* maker_ = nullptr;
  std::string raw_material_;
  std::map<std::string, Json> recipes_;
  std::map<std::string, NpyDescriptorIndex> descriptor_rows_;  // By file.
  /// Of variants that only a share of the subjects gets.
  std::map<std::string, std::set<std::string>> variant_subjects_;
  Plan plan_;
};

}  // namespace

std::string AnonymousId(uint64_t seed, const std::string& dataset, const std::string& recording) {
  return "r" + HmacSha256(fmt::format("maskbench anonymous id {}", seed),
                          fmt::format("{}:{}:{}", dataset.size(), dataset, recording))
                   .substr(0, 15);
}

Plan MakePlan(const RunConfig& config, const Dataset& dataset, const Components& components,
              const NetworkLibrary& networks, const std::filesystem::path& config_folder,
              const MakerPlaces& places) {
  for (const std::string& id : config.dataset.recordings) {
    if (dataset.FindRecording(id) == nullptr) {
      throw UsageError(fmt::format("dataset.recordings names \"{}\", which \"{}\" does not have.",
                                   id, dataset.name));
    }
  }
  return Planner(config, dataset, components, networks, config_folder, places).Make();
}

std::vector<std::string> PicturedRecordings(const std::vector<std::string>& recordings,
                                            const Dataset& dataset) {
  constexpr size_t kMost = 6;
  std::vector<std::string> pictured;
  std::set<std::string> subjects;
  for (const std::string& id : recordings) {
    const bool new_subject = subjects.insert(dataset.FindRecording(id)->subject).second;
    if (new_subject && pictured.size() < kMost) pictured.push_back(id);
  }
  return pictured;
}

std::filesystem::path FrameTruthFile(const std::string& recording_id) {
  return std::filesystem::path("truth") / (recording_id + ".msgpack");
}

}  // namespace maskbench
