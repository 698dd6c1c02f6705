// What a process needs before it does anything else.
#ifndef FWAGENT_CLIENT_PROCESS_H_
#define FWAGENT_CLIENT_PROCESS_H_

namespace fwagent::client {

// Makes lost output an error that can be seen: a reader that goes away no
// longer ends the process (SIGPIPE), and a standard descriptor that the caller
// left closed is not given to the next socket, which would then receive the
// output.
void PrepareProcess();

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_PROCESS_H_
