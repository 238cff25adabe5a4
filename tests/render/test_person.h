#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "maskbench/head/parametric_head.h"
#include "maskbench/render/actor.h"
#include "maskbench/render/head_assets.h"
#include "maskbench/render/renderer.h"

namespace maskbench {

inline std::filesystem::path TestHeadFolder() {
  const char* assets = std::getenv("MASKBENCH_ASSETS");
  return std::filesystem::path(assets != nullptr ? assets : MASKBENCH_ASSETS_DIR) / "models" /
         "head";
}

// The parametric head and people made with it, loaded once.
class TestPeople {
 public:
  static TestPeople& Get() {
    static TestPeople people;
    return people;
  }
  // A person with plain skin; `lashes` hide margins, so most tests leave them out.
  std::unique_ptr<Actor> Make(int number, bool lashes = false) const {
    HeadRecipe recipe;
    recipe.male = number % 2;
    recipe.african = number % 3 == 0;
    recipe.asian = number % 3 == 1;
    recipe.caucasian = number % 3 == 2;
    NamedRandom random(4711, std::to_string(number), "test person");
    head_->SampleDetails(DetailSpread(), &random, &recipe);
    Appearance look;
    auto skin = std::make_shared<Material>();
    skin->kind = Material::Kind::kSkin;
    skin->albedo = {0.45f, 0.28f, 0.2f};
    look.skin = skin;
    for (auto& textures : look.eye_textures) textures = std::make_shared<EyeTextures>(EyeRecipe());
    if (!lashes) look.lashes.reset();
    return std::make_unique<Actor>(rig_, head_->Shape(recipe), DenseExpressions(*head_, recipe),
                                   look);
  }
  const std::shared_ptr<const ParametricHead>& head() const { return head_; }

 private:
  TestPeople()
      : head_(ParametricHead::Load(TestHeadFolder() / "parametric.mbhead")),
        rig_(MakeHeadRig(*head_)) {}
  std::shared_ptr<const ParametricHead> head_;
  std::shared_ptr<const HeadRig> rig_;
};

inline Scene TestScene() {
  Scene scene;
  DirectionalLight key;
  key.direction = Eigen::Vector3f(-0.4f, -0.5f, -0.8f).normalized();
  key.casts_shadow = true;
  scene.lighting.lights = {key};
  return scene;
}

}  // namespace maskbench
