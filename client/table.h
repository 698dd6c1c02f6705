// Columns of text.
#ifndef FWAGENT_CLIENT_TABLE_H_
#define FWAGENT_CLIENT_TABLE_H_

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

namespace fwagent::client {

// Rows aligned under their titles. Rows can be written in several goes, so
// that a long table needs no long buffer; widths then only grow.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns, std::string indent = "");

  // As many cells as there are columns; each is made printable.
  void AddRow(const std::vector<std::string>& cells);

  // Writes the rows added since the last time, the titles before the first.
  void Write(std::ostream& out);

 private:
  void WriteRow(const std::vector<std::string>& cells, std::ostream& out) const;

  std::vector<Column> columns_;
  std::string indent_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_TABLE_H_
