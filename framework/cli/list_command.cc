// `list`: what there is, with options; the reference and the schema come from the same tables.
#include <algorithm>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/figure.h"
#include "maskbench/pipeline/manifest.h"
#include "maskbench/pipeline/run_config.h"
#include "maskbench/pipeline/sweep.h"

#include "commands.h"

namespace maskbench {
namespace {

constexpr char kBaseHelp[] =
    "Another configuration, relative to this one's folder, that says all that this one does not. "
    "Objects are merged key by key, lists and other values replaced; null removes.";
constexpr char kSweepHelp[] =
    "Options that take several values. Those of a variant make further variants, others further "
    "runs.";

struct ListedComponent {
  std::string kind;
  ComponentInfo info;
  std::vector<OptionDoc> docs;
};

template <class Interface>
void AddAll(const Registry<Interface>& registry, std::vector<ListedComponent>* all) {
  for (const std::string& type : registry.Types()) {
    all->push_back({registry.Kind(), registry.Info(type), registry.Docs(type)});
  }
}

std::vector<ListedComponent> AllComponents(const Components& components) {
  std::vector<ListedComponent> all;
  AddAll(components.maskers, &all);
  AddAll(components.observers, &all);
  AddAll(components.experiments, &all);
  return all;
}

std::string Cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) {
    text.insert(at, "\\");
  }
  return text;
}

void PrintOptionTable(const std::vector<OptionDoc>& docs) {
  if (docs.empty()) {
    fmt::print("No options.\n\n");
    return;
  }
  fmt::print("| option | type | default | allowed | meaning |\n|---|---|---|---|---|\n");
  for (const OptionDoc& doc : docs) {
    fmt::print("| `{}` | {} | {} | {} | {} |\n", doc.name, doc.type,
               doc.required ? "required" : "`" + Cell(doc.default_text) + "`", Cell(doc.rule_text),
               Cell(doc.help));
  }
  fmt::print("\n");
}

void PrintReference(const Components& components) {
  fmt::print(
      "# Reference\n\nMade by `maskbench list --reference` from the option tables in the code.\n\n"
      "## Run configuration\n\n");
  PrintOptionTable(RunConfigOptions(components).Docs());
  fmt::print(
      "A file may have two keys more. `base`: {}\n\n`sweep`: {} See "
      "[ablation.md](ablation.md).\n\n",
      kBaseHelp, kSweepHelp);
  fmt::print("### `sweep`\n\n");
  PrintOptionTable(SweepOptions::Options().Docs());
  const std::vector<std::pair<const char*, std::vector<OptionDoc>>> parts = {
      {"dataset", DatasetChoice::Options().Docs()},
      {"perception", FaceTrackerOptions::Options().Docs()},
      {"delivery", DeliveryOptions::Options().Docs()},
      {"timing", TimingOptions::Options().Docs()}};
  for (const auto& [name, docs] : parts) {
    fmt::print("### `{}`\n\n", name);
    PrintOptionTable(docs);
  }
  fmt::print("## Data-set manifest\n\n");
  PrintOptionTable(Dataset::Options().Docs());
  fmt::print("### A subject\n\n");
  PrintOptionTable(Subject::Options().Docs());
  fmt::print("### A recording\n\n");
  PrintOptionTable(LabelledRecording::Options().Docs());
  fmt::print("### An eye (`right`, `left`)\n\n");
  PrintOptionTable(EyeTruth::Options().Docs());
  fmt::print("### A pair\n\n");
  PrintOptionTable(DatasetPair::Options().Docs());
  std::string kind;
  for (const ListedComponent& component : AllComponents(components)) {
    if (component.kind != kind) {
      kind = component.kind;
      std::string title = kind + "s";
      title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
      fmt::print("## {}\n\n", title);
    }
    fmt::print("### `{}` (version {})\n\n{}\n\n", component.info.type, component.info.version,
               component.info.summary);
    PrintOptionTable(component.docs);
  }
  fmt::print("## Networks that are trained here\n\nOptions of `maskbench train NAME --set …`.\n\n");
  for (const auto& trainer : components.network_trainers) {
    fmt::print("### `{}`\n\n{}\n\n", trainer->Name(), trainer->Summary());
    PrintOptionTable(trainer->Options());
  }
}

}  // namespace

int ListCommand(const Program& program, const ListArguments& arguments) {
  const Components& components = *program.components;
  if (arguments.schema) {
    Json schema = RunConfigOptions(components).Schema();
    schema["properties"]["$schema"] = {{"type", "string"}};
    schema["properties"]["base"] = {{"type", "string"}, {"description", kBaseHelp}};
    schema["properties"]["sweep"] = SweepOptions::Options().Schema();
    schema["properties"]["sweep"]["description"] = kSweepHelp;
    // With a base the file need not say everything, and null removes what the base says.
    schema["anyOf"] = Json::array({{{"required", {"base"}}}, {{"required", schema["required"]}}});
    schema.erase("required");
    for (auto& item : schema["properties"].items()) {
      Json& type = item.value()["type"];
      if (item.key() != "base" && type.is_string()) type = Json::array({type, "null"});
    }
    Json whole = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                  {"title", "MaskBench run configuration"}};
    whole.update(schema);
    fmt::print("{}\n", whole.dump(2));
    return kExitDone;
  }
  if (arguments.reference) {
    PrintReference(components);
    return kExitDone;
  }
  const std::vector<ListedComponent> all = AllComponents(components);
  if (arguments.type.empty()) {
    std::string kind;
    for (const ListedComponent& component : all) {
      if (component.kind != kind) fmt::print("{}{}s\n", kind.empty() ? "" : "\n", component.kind);
      kind = component.kind;
      fmt::print("  {:<18} {}\n", component.info.type, component.info.summary);
    }
    fmt::print("\n`maskbench list NAME` shows options.\n");
    return kExitDone;
  }
  std::vector<std::string> types;
  for (const ListedComponent& component : all) {
    types.push_back(component.info.type);
    if (component.info.type != arguments.type) continue;
    fmt::print("{} ({}, version {})\n{}\n", component.info.type, component.kind,
               component.info.version, component.info.summary);
    for (const OptionDoc& doc : component.docs) {
      fmt::print("\n  {} ({}{}{})\n      {}\n", doc.name, doc.type,
                 doc.rule_text.empty() ? "" : "; " + doc.rule_text,
                 doc.required ? "; required" : "; default " + doc.default_text, doc.help);
    }
    return kExitDone;
  }
  throw UsageError(
      fmt::format("there is no \"{}\".{}", arguments.type, Suggestion(arguments.type, types)));
}

}  // namespace maskbench
