// fwctl: everything is in RunFwctl.
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "client/process.h"
#include "client/run.h"

int main(int argc, char** argv) {
  fwagent::client::PrepareProcess();
  const std::vector<std::string> args(argv + 1, argv + argc);
  const int code = fwagent::client::RunFwctl(args, std::cout, std::cerr);
  // RunFwctl has flushed. An orderly exit would pull gRPC down under its
  // running threads, or wait for them for as long as the whole run took.
  _exit(code);
}
