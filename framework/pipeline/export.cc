#include "maskbench/pipeline/export.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/text.h"

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
};

/// NumPy's array file, version 1.0: float64, C order.
std::string Npy(const Table& table) {
  const size_t columns = table.rows.empty() ? 0 : table.rows.front().numbers.size();
  std::string header =
      fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, {}), }}",
                  table.rows.size(), columns);
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  for (const Table::Row& row : table.rows) {
    if (row.numbers.size() != columns) {
      throw UsageError(
          "the rows have different lengths and fit no array; choose one observer with --observer.");
    }
    bytes.append(reinterpret_cast<const char*>(row.numbers.data()), columns * sizeof(double));
  }
  return bytes;
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
  } else if (what == "timings") {
    table.text_columns.insert(table.text_columns.end(), {"stage", "component", "status", "reason"});
    table.number_columns = {"frames", "wall_s", "cpu_s", "peak_memory_bytes"};
  } else {
    throw UsageError(fmt::format(
        "\"{}\" cannot be exported; known: measures, embeddings, readings, timings.", what));
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
    const std::vector<std::string> head = {node->recording, recording->subject, node->variant,
                                           node->observer};
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
  Write(table, file);
}

}  // namespace maskbench
