#include "client/table.h"

#include <algorithm>
#include <utility>

#include "agent/text/printable.h"

namespace fwagent::client {
namespace {

constexpr char kGap[] = "  ";

}  // namespace

Table::Table(std::vector<Column> columns, std::string indent)
    : columns_(std::move(columns)),
      indent_(std::move(indent)),
      widths_(columns_.size()) {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  AddRow(titles);
}

void Table::AddRow(const std::vector<std::string>& cells) {
  std::vector<std::string> row;
  row.reserve(cells.size());
  for (const std::string& cell : cells) row.push_back(text::Printable(cell));
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    widths_[i] = std::max(widths_[i], row[i].size());
  }
  rows_.push_back(std::move(row));
}

void Table::Write(std::ostream& out) {
  for (const std::vector<std::string>& row : rows_) WriteRow(row, out);
  rows_.clear();
}

void Table::WriteRow(const std::vector<std::string>& cells,
                     std::ostream& out) const {
  std::string line = indent_;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(widths_[i] - cells[i].size(), ' ');
    if (i > 0) line += kGap;
    line += columns_[i].align == Align::kRight ? padding + cells[i]
                                               : cells[i] + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

}  // namespace fwagent::client
