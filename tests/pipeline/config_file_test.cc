#include "maskbench/pipeline/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"

namespace maskbench {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class ConfigFile : public testing::Test {
 protected:
  fs::path Write(const std::string& name, const std::string& text) {
    const fs::path file = folder_.path() / name;
    fs::create_directories(file.parent_path());
    WriteFileAtomically(file, text);
    return file;
  }
  std::string ErrorOf(const fs::path& file) {
    try {
      ReadConfigFile(file);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "(no error)";
  }

  TemporaryFolder folder_;
};

TEST_F(ConfigFile, WithoutABaseItIsTheFile) {
  const fs::path file = Write("a.json", R"({"$schema": "x", "name": "a", "dataset": null})");
  EXPECT_EQ(ReadConfigFile(file).dump(), R"({"name":"a","dataset":null})");
}

TEST_F(ConfigFile, ObjectsAreMergedListsReplacedAndNullRemoves) {
  Write("base.json", R"({"$schema": "x", "name": "base", "seed": 3,
    "dataset": {"make": {"maker": "m", "patients": 8, "seconds": 4}, "split": "tune"},
    "variants": ["original", "eye_bar"], "notes": "of the base"})");
  const fs::path file = Write("own.json", R"({"base": "base.json", "name": "own", "notes": null,
    "dataset": {"make": {"patients": 20, "seconds": null}}, "variants": ["original"],
    "frames": 6})");
  EXPECT_EQ(ReadConfigFile(file).dump(),
            R"({"name":"own","seed":3,"dataset":{"make":{"maker":"m","patients":20},)"
            R"("split":"tune"},"variants":["original"],"frames":6})");
}

TEST_F(ConfigFile, ABaseMayHaveABaseInAnotherFolder) {
  Write("far/grand.json", R"({"name": "grand", "seed": 1, "frames": 2,
    "dataset": {"manifest": "data/manifest.json"},
    "networks": {"faceres": "nets/f.pt", "mobileface": "/elsewhere/m.pt"},
    "variants": [{"type": "premade", "folder": "../masked"}, "original"]})");
  Write("mid/parent.json", R"({"base": "../far/grand.json", "seed": 2})");
  const Json config =
      ReadConfigFile(Write("own.json", R"({"base": "mid/parent.json", "name": "own"})"));
  EXPECT_EQ(config["name"], "own");
  EXPECT_EQ(config["seed"], 2);
  EXPECT_EQ(config["frames"], 2);
  // Paths still lead to where the base's did.
  EXPECT_EQ(config["dataset"]["manifest"], "far/data/manifest.json");
  EXPECT_EQ(config["networks"]["faceres"], "far/nets/f.pt");
  EXPECT_EQ(config["networks"]["mobileface"], "/elsewhere/m.pt");
  EXPECT_EQ(config["variants"][0]["folder"], "masked");
}

TEST_F(ConfigFile, OwnPathsStartAtTheOwnFolder) {
  Write("far/base.json", R"({"dataset": {"manifest": "a.json"}})");
  const fs::path file =
      Write("own.json", R"({"base": "far/base.json", "dataset": {"manifest": "b.json"}})");
  EXPECT_EQ(ReadConfigFile(file)["dataset"]["manifest"], "b.json");
}

TEST_F(ConfigFile, ACircleIsNamed) {
  const fs::path a = Write("a.json", R"({"base": "b.json"})"),
                 b = Write("b.json", R"({"base": "sub/../c.json"})"),
                 c = Write("c.json", R"({"base": "a.json"})");
  EXPECT_THAT(ErrorOf(a), HasSubstr("c.json: base leads in a circle: " + a.string() + " → " +
                                    b.string() + " → " + c.string() + " → " + a.string()));
  const fs::path self = Write("self.json", R"({"base": "self.json"})");
  EXPECT_THAT(ErrorOf(self), HasSubstr("leads in a circle"));
}

TEST_F(ConfigFile, AMissingOrBrokenBaseIsNamedWithWhoNamesIt) {
  const fs::path missing = Write("a.json", R"({"base": "nowhere.json"})");
  EXPECT_THAT(ErrorOf(missing), HasSubstr("a.json: base: "));
  EXPECT_THAT(ErrorOf(missing), HasSubstr("nowhere.json cannot be read"));
  Write("broken.json", "{\n oops");
  EXPECT_THAT(ErrorOf(Write("b.json", R"({"base": "broken.json"})")),
              HasSubstr("broken.json is not valid JSON: line 2"));
  Write("list.json", "[]");
  EXPECT_THAT(ErrorOf(Write("c.json", R"({"base": "list.json"})")), HasSubstr("is no object"));
  EXPECT_THAT(ErrorOf(Write("d.json", R"({"base": 3})")),
              HasSubstr("d.json: base must be text, the path of another configuration"));
}

}  // namespace
}  // namespace maskbench
