#include "latex.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include <fmt/format.h>

#include "maskbench/core/text.h"

#include "pivot.h"

namespace maskbench {
namespace {

constexpr size_t kRowsOfAPage = 40;

/// UTF-8 character → LaTeX. Others that are not ASCII stay as they are.
const std::map<std::string, std::string>& Signs() {
  static const std::map<std::string, std::string> signs = {
      {"κ", "$\\kappa$"},  {"α", "$\\alpha$"}, {"Δ", "$\\Delta$"}, {"ω", "$\\omega$"},
      {"±", "$\\pm$"},     {"−", "$-$"},       {"×", "$\\times$"}, {"·", "$\\cdot$"},
      {"≤", "$\\leq$"},    {"≥", "$\\geq$"},   {"→", "$\\to$"},    {"↔", "$\\leftrightarrow$"},
      {"√", "$\\surd$"},   {"∞", "$\\infty$"}, {"°", "$^\\circ$"}, {"²", "$^2$"},
      {"½", "$\\frac12$"}, {"µ", "$\\mu$"},    {"…", "\\ldots{}"}, {"–", "--"},
      {"—", "---"},        {"“", "``"},        {"”", "''"},        {"′", "$'$"}};
  return signs;
}

std::string AsciiEscaped(char c) {
  switch (c) {
    case '\\':
      return "\\textbackslash{}";
    case '~':
      return "\\textasciitilde{}";
    case '^':
      return "\\textasciicircum{}";
    case '<':
      return "\\textless{}";
    case '>':
      return "\\textgreater{}";
    case '|':
      return "\\textbar{}";
    case '"':
      return "\\textquotedbl{}";
    case '&':
    case '%':
    case '$':
    case '#':
    case '_':
    case '{':
    case '}':
      return std::string("\\") + c;
    case '\n':
    case '\r':
    case '\t':
      return " ";
    default:
      // Brackets at the start of a row would be taken for an option of the line before.
      if (c == '[' || c == ']') return std::string("{") + c + "}";
      return static_cast<unsigned char>(c) < 0x20 ? std::string() : std::string(1, c);
  }
}

size_t BytesOf(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

std::string Label(const std::string& text) {
  std::string label;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain) label += c;
    if (!plain && !label.empty() && label.back() != '-') label += '-';
  }
  while (!label.empty() && label.back() == '-') label.pop_back();
  return label;
}

std::string Line(const std::vector<std::string>& cells) {
  std::vector<std::string> escaped;
  for (const std::string& cell : cells) escaped.push_back(LatexEscaped(cell));
  return Join(escaped, " & ") + " \\\\\n";
}

/// Emphasis of a grid's Markdown cells is dropped.
std::string Plain(const std::string& markdown) {
  std::string text;
  for (const char c : markdown)
    if (c != '*' && c != '`') text += c;
  return text;
}

std::string CellText(const VerdictCell& cell) {
  if (!cell.figure) return "";
  std::string text = FigureText(*cell.figure);
  if (cell.half_width) text += " ± " + FigureText(*cell.half_width);
  if (!cell.said.empty()) text += ", " + cell.said;
  if (!cell.note.empty()) text += " (" + cell.note + ")";
  return text;
}

}  // namespace

std::string LatexEscaped(const std::string& text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = std::min(BytesOf(static_cast<unsigned char>(text[at])), text.size() - at);
    if (bytes == 1) {
      result += AsciiEscaped(text[at]);
    } else {
      const std::string character = text.substr(at, bytes);
      const auto found = Signs().find(character);
      result += found == Signs().end() ? character : found->second;
    }
    at += bytes;
  }
  return result;
}

std::string LatexTable(const std::string& caption, const std::string& label,
                       const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows) {
  const bool is_long = rows.size() > kRowsOfAPage;
  const std::string columns(header.size(), 'l');
  const std::string head = "\\toprule\n" + Line(header) + "\\midrule\n";
  const std::string title =
      fmt::format("\\caption{{{}}}\\label{{tab:{}}}", LatexEscaped(caption), Label(label));
  std::string text;
  if (is_long) {
    text = fmt::format("\\begin{{longtable}}{{{}}}\n{}\\\\\n{}\\endhead\n\\bottomrule\n\\endfoot\n",
                       columns, title, head);
  } else {
    text = fmt::format(
        "\\begin{{table}}[htbp]\n\\centering\\footnotesize\n{}\n\\begin{{tabular}}{{{}}}\n{}",
        title, columns, head);
  }
  for (const std::vector<std::string>& row : rows) text += Line(row);
  text += is_long ? "\\end{longtable}\n\n" : "\\bottomrule\n\\end{tabular}\n\\end{table}\n\n";
  return text;
}

std::string LatexTables(const Json& report, const std::vector<Figure>& figures,
                        const std::vector<Figure>& timings, const Verdict& verdict) {
  std::string text =
      "% Tables of one run. In the preamble: \\usepackage[utf8]{inputenc} \\usepackage{booktabs} "
      "\\usepackage{longtable} \\usepackage{textcomp}\n"
      "% Figures with their 95 % intervals in brackets.\n\n";
  if (!verdict.columns.empty()) {
    std::vector<std::string> header = {"variant"};
    for (const VerdictColumn& column : verdict.columns)
      header.push_back(column.unit.empty() ? column.title : column.title + ", " + column.unit);
    std::vector<std::vector<std::string>> rows;
    for (const VerdictRow& row : verdict.rows) {
      rows.push_back({row.variant});
      for (const VerdictCell& cell : row.cells) rows.back().push_back(CellText(cell));
    }
    text += LatexTable("Verdict", "verdict", header, rows);
  }
  for (const Json& table : report.value("tables", Json::array())) {
    PivotedTable pivoted = PivotTable(figures, table);
    if (pivoted.empty()) pivoted = PivotTable(timings, table);
    if (pivoted.empty()) continue;
    const TextTable cells = ToText(pivoted);
    const auto title = table.at("title").get<std::string>();
    text += LatexTable(title, table.at("experiment").get<std::string>() + " " + title, cells.header,
                       cells.rows);
  }
  for (const Json& grid : report.value("grids", Json::array())) {
    auto header = grid.at("header").get<std::vector<std::string>>();
    auto rows = grid.at("rows").get<std::vector<std::vector<std::string>>>();
    for (std::string& cell : header) cell = Plain(cell);
    for (auto& row : rows)
      for (std::string& cell : row) cell = Plain(cell);
    const auto title = grid.at("title").get<std::string>();
    text += LatexTable(title, grid.at("experiment").get<std::string>() + " " + title, header, rows);
  }
  return text;
}

}  // namespace maskbench
