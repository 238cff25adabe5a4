#include "maskbench/pipeline/export.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/npy.h"
#include "maskbench/core/text.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Rows of text columns followed by number columns.
struct Table {
  std::vector<std::string> text_columns, number_columns;
  struct Row {
    std::vector<std::string> texts;
    std::vector<double> numbers;
  };
  std::vector<Row> rows;
  /// The numbers are those of floats.
  bool single = false;
};

std::string Npy(const Table& table) {
  const size_t columns = table.rows.empty() ? 0 : table.rows.front().numbers.size();
  std::vector<double> numbers;
  for (const Table::Row& row : table.rows) {
    if (row.numbers.size() != columns) {
      throw UsageError(
          "the rows have different lengths and fit no array; choose one observer with --observer.");
    }
    numbers.insert(numbers.end(), row.numbers.begin(), row.numbers.end());
  }
  const std::vector<int64_t> shape = {static_cast<int64_t>(table.rows.size()),
                                      static_cast<int64_t>(columns)};
  // Descriptors are floats: as doubles they would take twice the space and say no more.
  if (table.single) return NpyBytes(shape, std::vector<float>(numbers.begin(), numbers.end()));
  return NpyBytes(shape, numbers);
}

void Write(const Table& table, const std::filesystem::path& file) {
  if (file.extension() == ".npy") {
    WriteFileAtomically(file, Npy(table));
    Json rows = Json::array();
    for (const Table::Row& row : table.rows) rows.push_back(row.texts);
    WriteJsonFile(file.string() + ".json", {{"array", file.filename().string()},
                                            {"array_columns", table.number_columns},
                                            {"row_columns", table.text_columns},
                                            {"rows", rows}});
    return;
  }
  if (file.extension() != ".csv") {
    throw UsageError(fmt::format("{} must end in .csv or .npy.", file.string()));
  }
  std::vector<std::string> names = table.text_columns;
  size_t numbers = table.number_columns.size();
  for (const Table::Row& row : table.rows) numbers = std::max(numbers, row.numbers.size());
  names.insert(names.end(), table.number_columns.begin(), table.number_columns.end());
  for (size_t i = table.number_columns.size(); i < numbers; ++i)
    names.push_back(fmt::format("x{}", i));
  std::string text = CsvLine(names);
  for (const Table::Row& row : table.rows) {
    std::vector<std::string> cells = row.texts;
    for (const double number : row.numbers) cells.push_back(NumberText(number));
    cells.resize(names.size());
    text += CsvLine(cells);
  }
  WriteFileAtomically(file, text);
}

/// The template of a recording; nothing where enrolment failed.
std::vector<double> TemplateNumbers(const std::optional<Observations>& seen) {
  if (!seen) return {};
  for (const Embedding& embedding : seen->embeddings) {
    if (embedding.frame == Embedding::kTemplate) {
      return {embedding.values.begin(), embedding.values.end()};
    }
  }
  return {};
}

/// A row for every recording, also where enrolment failed: as long as the others, and NaN.
void FillFailures(Table* table) {
  size_t columns = 0;
  for (const Table::Row& row : table->rows) columns = std::max(columns, row.numbers.size());
  for (Table::Row& row : table->rows) {
    if (row.numbers.empty()) row.numbers.assign(columns, kNan);
  }
}

std::string EyeText(const std::optional<Side>& eye) { return eye ? ToString(*eye) : ""; }

}  // namespace

void ExportRun(const RunData& data, const std::string& what, const std::string& observer,
               const std::filesystem::path& file) {
  Table table;
  table.text_columns = {"recording", "subject", "variant", "observer"};
  if (what == "measures") {
    table.text_columns.insert(table.text_columns.end(), {"eye", "name", "unit", "note"});
    // The whole recording has frame −1; it alone has an interval and a note.
    table.number_columns = {"frame", "time_s", "value", "low", "high"};
  } else if (what == "readings") {
    table.text_columns.insert(table.text_columns.end(), {"eye", "condition", "label"});
    table.number_columns = {"score"};
  } else if (what == "embeddings") {
    table.number_columns = {"frame"};  // The template has frame −1; descriptors follow as x1, x2 …
  } else if (what == "templates") {
    table.text_columns.insert(table.text_columns.begin() + 2, "session");
    table.single = true;  // Descriptors alone, as x0, x1 …
  } else if (what == "timings") {
    table.text_columns.insert(table.text_columns.end(), {"stage", "component", "status", "reason"});
    table.number_columns = {"frames", "wall_s", "cpu_s", "peak_memory_bytes"};
  } else {
    throw UsageError(fmt::format(
        "\"{}\" cannot be exported; known: measures, embeddings, templates, readings, timings.",
        what));
  }
  std::vector<const Node*> nodes;
  for (const Node& node : data.nodes()) nodes.push_back(&node);
  std::stable_sort(nodes.begin(), nodes.end(), [](const Node* a, const Node* b) {
    return std::tie(a->recording, a->variant, a->observer) <
           std::tie(b->recording, b->variant, b->observer);
  });
  for (const Node* node : nodes) {
    if (!observer.empty() && node->observer != observer) continue;
    const LabelledRecording* recording = data.dataset().FindRecording(node->recording);
    std::vector<std::string> head = {node->recording, recording->subject, node->variant,
                                     node->observer};
    if (what == "templates") head.insert(head.begin() + 2, recording->session);
    const auto add = [&](std::vector<std::string> texts, std::vector<double> numbers) {
      texts.insert(texts.begin(), head.begin(), head.end());
      table.rows.push_back({std::move(texts), std::move(numbers)});
    };
    if (what == "timings") {
      if (const NodeOutcome* outcome = data.OutcomeOf(*node)) {
        add({ToString(node->stage), node->component, ToString(outcome->status), outcome->reason},
            {static_cast<double>(outcome->frames), outcome->wall_s, outcome->cpu_s,
             static_cast<double>(outcome->peak_memory_bytes)});
      }
      continue;
    }
    if (node->stage != Stage::kObserve) continue;
    const std::optional<Observations> seen =
        data.Observed(node->recording, node->variant, node->observer);
    if (what == "templates") {
      if (MetricOf(node->component)) add({}, TemplateNumbers(seen));
      continue;
    }
    if (!seen) continue;
    if (what == "measures") {
      for (const MeasureValue& measure : seen->values) {
        add({EyeText(measure.eye), measure.name, measure.unit, measure.note},
            {-1, kNan, measure.value, measure.low, measure.high});
      }
      for (const MeasureSeries& series : seen->series) {
        for (size_t i = 0; i < series.values.size(); ++i) {
          add({EyeText(series.eye), series.name, series.unit, ""},
              {static_cast<double>(i), static_cast<double>(i) / data.RateHz(*node),
               series.values[i], kNan, kNan});
        }
      }
    } else if (what == "readings") {
      for (const Reading& reading : seen->readings) {
        add({EyeText(reading.eye), reading.condition, reading.label}, {reading.score});
      }
    } else {
      for (const Embedding& embedding : seen->embeddings) {
        std::vector<double> numbers = {static_cast<double>(embedding.frame)};
        numbers.insert(numbers.end(), embedding.values.begin(), embedding.values.end());
        add({}, std::move(numbers));
      }
    }
  }
  if (what == "templates") FillFailures(&table);
  Write(table, file);
}

}  // namespace maskbench
