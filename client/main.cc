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
  // All output is flushed, and threads of gRPC may still be running: static
  // destructors must not pull what they use from under them.
  _exit(code);
}
