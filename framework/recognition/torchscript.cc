// A recogniser from any TorchScript file, described by the configuration alone.
#include <array>

#include "maskbench/core/input_file.h"

#include "network_recogniser.h"

namespace maskbench {
namespace {

struct TorchscriptOptions : TemplateOptions {
  InputFile file;
  std::string metric = "cosine";
  int side_px = 112;
  std::string alignment = "arcface";
  std::string colours = "rgb";
  std::vector<double> mean = {127.5, 127.5, 127.5};
  std::vector<double> deviation = {127.5, 127.5, 127.5};

  static const OptionTable<TorchscriptOptions>& Options() {
    using O = TorchscriptOptions;
    static const auto table = [] {
      OptionTable<O> made;
      made.Add(
              "file", &O::file,
              "TorchScript module: one float32 tensor 1×3×side×side in; a tensor, tuple or list of "
              "tensors out, the first of shape 1×D: the descriptor. The path starts at the working "
              "folder; the content's SHA-256 joins the keys.",
              {Required()})
          .Add("metric", &O::metric, "How descriptors are compared.",
               {OneOf({"cosine", "euclidean"})})
          .Add("side_px", &O::side_px, "Width and height of the picture that goes in, px.",
               {Range(8, 2048)})
          .Add(
              "alignment", &O::alignment,
              "Where the face lies in that picture. arcface: eyes, nose and mouth as ArcFace "
              "models "
              "have them. dlib: corners of the eyes and base of the nose, with a border. mesh_box: "
              "the face's box and a fifth more, eyes level.",
              {OneOf(AlignmentNames())})
          .Add("colours", &O::colours, "Order of the channels.", {OneOf({"rgb", "bgr"})})
          .Add("mean", &O::mean,
               "Taken from the pixels (0 to 255), one number per channel in that order.")
          .Add("deviation", &O::deviation, "They are then divided by it, in the same order.",
               {Range(1e-6, 1e6)})
          .Check([](const O& options, const std::string& path, Problems* problems) {
            if (options.mean.size() != 3 || options.deviation.size() != 3) {
              problems->Add(path, "needs three numbers in \"mean\" and in \"deviation\"");
            }
            if (options.file.empty()) problems->Add(path, "needs a \"file\"");
          });
      TemplateOptions::AddTo(&made);
      return made;
    }();
    return table;
  }
};

std::unique_ptr<Recogniser> Make(const TorchscriptOptions& options) {
  options.file.Read();  // Throws when the file is no longer what the keys stand for.
  NetworkContract contract;
  contract.name = "torchscript";
  contract.width = contract.height = options.side_px;
  contract.outputs = {{"descriptor", {NetworkContract::kAnyLength}}};
  contract.more_outputs = true;
  InputNormalization normalization;
  normalization.rgb = options.colours == "rgb";
  for (size_t i = 0; i < 3; ++i) {
    normalization.offset[i] = static_cast<float>(options.mean[i]);
    normalization.scale[i] = static_cast<float>(1 / options.deviation[i]);
  }
  return std::make_unique<NetworkRecogniser>(Network::Load(options.file.path, contract, 1),
                                             FindAlignment(options.alignment), normalization);
}

}  // namespace

void RegisterTorchscript(Registry<Observer>* registry) {
  const ComponentInfo info = RecogniserInfo(
      {"torchscript", 1, "Any recogniser as a TorchScript file, described by its options.", {}});
  DeclareRecogniser(info.type, DescriptorMetric::kCosine, "metric");
  registry->Add<TorchscriptOptions>(
      info, [](const TorchscriptOptions& options, const Observer::Context&) {
        return WrapRecogniser(Make(options), MetricNamed(options.metric), options);
      });
}

}  // namespace maskbench
