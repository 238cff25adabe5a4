// The importer's errors, its record and what it does when the record is right already.

#include "maskbench/nn/import.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/json.h"

#include "expect_error.h"
#include "tiny_package.h"

namespace maskbench {
namespace {

// y = 2·x over a 1×1 image.
class ImportTest : public testing::Test {
 protected:
  ImportTest() : package_(1, 1, 1) {
    package_.AddFloats("w", {1, 1, 1, 1}, {2});
    package_.AddNode("Conv2D", "y", {"x", "w"}, TinyPackage::Window(1, TinyPackage::kValid));
  }

  void WriteWithOutput() {
    package_.AddOutput("y", {1});
    package_.Write();
  }

  void ExpectImportError(const std::vector<std::string>& parts) {
    ExpectDataError([this] { package_.Import(); }, parts);
    EXPECT_FALSE(std::filesystem::exists(package_.ModelFolder() / "tiny.pt"));
  }

  Json Model() const { return ReadJsonFile(package_.Folder() / "model.json"); }
  void SetModel(const Json& model) { WriteJsonFile(package_.Folder() / "model.json", model); }

  TinyPackage package_;
};

TEST_F(ImportTest, RecordsWhereTheModuleCameFrom) {
  WriteWithOutput();
  const ImportReport report = package_.Import();
  EXPECT_FALSE(report.was_up_to_date);
  EXPECT_EQ(report.tensor_count, 1u);
  EXPECT_EQ(report.parameter_count, 1);
  const Json manifest = ReadJsonFile(report.manifest_file);
  EXPECT_EQ(manifest.at("source").at("package"), "@test/tiny");
  EXPECT_EQ(manifest.at("source").at("version"), "1.2.3");
  EXPECT_EQ(manifest.at("source").at("files")[1].at("path"), "model.bin");
  EXPECT_EQ(manifest.at("source").at("files")[1].at("sha256"),
            Sha256OfFile(package_.Folder() / "model.bin"));
  EXPECT_EQ(manifest.at("importer_version"), kImporterVersion);
  EXPECT_EQ(manifest.at("tensors_sha256"), report.tensors_sha256);
  EXPECT_EQ(manifest.at("contract").at("outputs")[0].at("name"), "y");
}

TEST_F(ImportTest, DoesNothingWhenUpToDate) {
  WriteWithOutput();
  const ImportReport first = package_.Import();
  const auto written = std::filesystem::last_write_time(first.module_file);
  const ImportReport second = package_.Import();
  EXPECT_TRUE(second.was_up_to_date);
  EXPECT_EQ(second.tensors_sha256, first.tensors_sha256);
  EXPECT_EQ(second.parameter_count, first.parameter_count);
  EXPECT_EQ(std::filesystem::last_write_time(first.module_file), written);
}

TEST_F(ImportTest, ImportsAgainWhenTheSourceChanged) {
  WriteWithOutput();
  const ImportReport first = package_.Import();
  const float three = 3.0f;
  WriteFileAtomically(package_.Folder() / "model.bin",
                      std::string_view(reinterpret_cast<const char*>(&three), sizeof three));
  const ImportReport second = package_.Import();
  EXPECT_FALSE(second.was_up_to_date);
  EXPECT_NE(second.tensors_sha256, first.tensors_sha256);
}

TEST_F(ImportTest, ImportsAgainWhenModuleOrRecordIsDamaged) {
  WriteWithOutput();
  const ImportReport first = package_.Import();
  WriteFileAtomically(first.module_file, "half");
  EXPECT_FALSE(package_.Import().was_up_to_date);
  WriteFileAtomically(first.manifest_file, "{");
  EXPECT_FALSE(package_.Import().was_up_to_date);
  std::filesystem::remove(first.module_file);
  EXPECT_FALSE(package_.Import().was_up_to_date);
  EXPECT_TRUE(package_.Import().was_up_to_date);
}

TEST_F(ImportTest, PackageMissing) { ExpectImportError({"@test/tiny", "not unpacked"}); }

TEST_F(ImportTest, PackageOfAnotherVersion) {
  WriteWithOutput();
  WriteJsonFile(package_.Folder() / "package.json", {{"version", "1.2.4"}});
  ExpectImportError({"1.2.4", "1.2.3"});
}

TEST_F(ImportTest, UnsupportedOperatorIsNamed) {
  package_.AddNode("FancyOp", "dream/of/node", {"y"});
  package_.AddOutput("dream/of/node", {1});
  package_.Write();
  ExpectImportError({"dream/of/node", "FancyOp", "not supported"});
}

TEST_F(ImportTest, UnsupportedDilationIsNamed) {
  Json attributes = TinyPackage::Window(1, TinyPackage::kValid);
  attributes["dilations"]["list"]["i"] = {"1", "2", "2", "1"};
  package_.AddNode("Conv2D", "z", {"x", "w"}, attributes);
  package_.AddOutput("z", {1});
  package_.Write();
  ExpectImportError({"'z' (Conv2D)", "dilation"});
}

TEST_F(ImportTest, ConstantOfWrongLength) {
  package_.AddFloats("three", {3}, {1, 2, 3});
  package_.AddNode("Mul", "z", {"y", "three"});
  package_.AddOutput("z", {1});
  package_.Write();
  ExpectImportError({"'z' (Mul)", "'three'", "[3]"});
}

TEST_F(ImportTest, OutputThatTheGraphLacks) {
  WriteWithOutput();
  package_.spec().source.output_nodes = {"nowhere"};
  ExpectImportError({"'nowhere'", "its signature has y"});
}

TEST_F(ImportTest, OutputOfAnotherSizeThanTheContract) {
  package_.AddOutput("y", {7});
  package_.Write();
  ExpectImportError({"Output 'y'", "[1, 1, 1]", "[7]"});
}

TEST_F(ImportTest, InputOfAnotherSizeThanTheContract) {
  WriteWithOutput();
  package_.spec().contract.height = 9;
  ExpectImportError({"[1, 1, 1]", "[9, 1, 1]"});
}

TEST_F(ImportTest, BinaryTooShort) {
  WriteWithOutput();
  WriteFileAtomically(package_.Folder() / "model.bin", "abc");
  ExpectImportError({"model.bin", "too short", "'w'"});
}

TEST_F(ImportTest, BinaryTooLong) {
  WriteWithOutput();
  WriteFileAtomically(package_.Folder() / "model.bin", "abcdefgh");
  ExpectImportError({"model.bin", "too long", "8 bytes"});
}

TEST_F(ImportTest, BinaryMissing) {
  WriteWithOutput();
  std::filesystem::remove(package_.Folder() / "model.bin");
  ExpectImportError({"model.bin"});
}

TEST_F(ImportTest, JsonCutOff) {
  WriteWithOutput();
  const std::string text = ReadFile(package_.Folder() / "model.json");
  WriteFileAtomically(package_.Folder() / "model.json", text.substr(0, text.size() / 2));
  ExpectImportError({"model.json", "JSON"});
}

TEST_F(ImportTest, JsonWithoutTopology) {
  WriteWithOutput();
  Json model = Model();
  model.erase("modelTopology");
  SetModel(model);
  ExpectImportError({"model.json", "modelTopology"});
}

TEST_F(ImportTest, InputThatDoesNotExist) {
  WriteWithOutput();
  Json model = Model();
  model["modelTopology"]["node"].back()["input"][0] = "ghost";
  SetModel(model);
  ExpectImportError({"'y' (Conv2D)", "'ghost'"});
}

TEST_F(ImportTest, Cycle) {
  package_.AddNode("Relu", "a", {"b"});
  package_.AddNode("Relu", "b", {"a"});
  package_.AddOutput("b", {1});
  package_.Write();
  ExpectImportError({"cycle", "'a'"});
}

TEST_F(ImportTest, ConstWithoutWeight) {
  package_.AddNode("Const", "empty", {});
  WriteWithOutput();
  ExpectImportError({"'empty'", "manifest"});
}

TEST_F(ImportTest, UnknownQuantisation) {
  WriteWithOutput();
  Json model = Model();
  model["weightsManifest"][0]["weights"][0]["quantization"] = {{"dtype", "int3"}};
  SetModel(model);
  ExpectImportError({"'w'", "'int3'"});
}

TEST_F(ImportTest, AxisOfImpossibleLength) {
  WriteWithOutput();
  Json model = Model();
  model["weightsManifest"][0]["weights"][0]["shape"] = {1 << 30, 1 << 30, 1 << 30, 1 << 30};
  SetModel(model);
  ExpectImportError({"'w'", "impossible length"});
}

TEST_F(ImportTest, AttributeOfTheWrongKind) {
  WriteWithOutput();
  Json model = Model();
  model["modelTopology"]["node"].back()["attr"]["strides"] = {{"s", "AAAA"}};
  SetModel(model);
  ExpectImportError({"'y' (Conv2D)", "'strides'"});
}

TEST_F(ImportTest, NodesMayComeInAnyOrder) {
  WriteWithOutput();
  Json model = Model();
  Json& nodes = model["modelTopology"]["node"];
  std::reverse(nodes.begin(), nodes.end());
  SetModel(model);
  EXPECT_EQ(package_.Import().tensor_count, 1u);
}

TEST(DlibResnetImport, MissingWeightIsNamed) {
  const TemporaryFolder folder;
  NetworkSpec spec = BuiltInNetwork("dlib_resnet");
  const std::filesystem::path package = folder.path() / spec.source.package;
  WriteJsonFile(package / "package.json", {{"version", spec.source.version}});
  WriteJsonFile(package / spec.source.files[0], Json::array());
  WriteFileAtomically(package / spec.source.files[1], "");
  ExpectDataError([&] { ImportNetwork(spec, folder.path(), folder.path() / "models"); },
                  {"conv32_down/conv/filters"});
}

}  // namespace
}  // namespace maskbench
