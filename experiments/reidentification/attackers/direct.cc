// Those who compare descriptors as they are, and learn nothing.
#include "experiments/reidentification/attacker.h"

namespace maskbench {
namespace {

Attacker Direct(const char* name, const char* help) {
  Attacker attacker;
  attacker.name = name;
  attacker.help = help;
  attacker.search = CompareAsTheyAre;
  attacker.compares_as_they_are = true;
  return attacker;
}

}  // namespace

Attacker FaceToFaceAttacker() {
  Attacker attacker =
      Direct("face_to_face", "original probes against an original gallery, the upper bound.");
  attacker.plans = [](const RunConfig&, const ReidentificationOptions& options) {
    return std::vector<AttackPlan>{{options.gallery_variant, options.gallery_variant}};
  };
  return attacker;
}

Attacker MaskToFaceAttacker() {
  Attacker attacker =
      Direct("mask_to_face", "masked probes against it, by an attacker who ignores the mask.");
  attacker.plans = MasksAgainstOriginals;
  return attacker;
}

Attacker MaskToMaskAttacker() {
  Attacker attacker = Direct("mask_to_mask", "against a gallery under the same variant.");
  attacker.plans = MasksAgainstThemselves;
  return attacker;
}

Attacker CrossMaskAttacker() {
  Attacker attacker =
      Direct("cross_mask", "against one under another variant, as \"cross\" pairs them.");
  attacker.plans = [](const RunConfig&, const ReidentificationOptions& options) {
    std::vector<AttackPlan> plans;
    for (const std::string& pair : options.cross) {
      const size_t colon = pair.find(':');
      plans.push_back({pair.substr(0, colon), pair.substr(colon + 1)});
    }
    return plans;
  };
  return attacker;
}

}  // namespace maskbench
