// What the host's files say about it.
#ifndef FWAGENT_AGENT_SERVICE_HOST_FILES_H_
#define FWAGENT_AGENT_SERVICE_HOST_FILES_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/policy/prefix.h"

namespace fwagent::service {

// Empty when it cannot be read.
std::string ReadHostFile(const std::string& path);

// A host, from 4 or 16 bytes in network byte order; IPv4-mapped ones are of
// IPv4. None for what is no address of a peer, as "::ffff:0:0" is not.
std::optional<policy::Prefix> HostOf(std::string_view address);

// 127.0.0.0/8 and ::1.
bool IsLoopback(const policy::Prefix& host);

// The addresses of "nameserver" lines (resolv.conf(5)), without those of this
// host.
std::vector<policy::Prefix> NameServersIn(std::string_view text);

// Whether a process belongs to somebody who has logged in: it has an audit
// session (pam_loginuid), or descends from an SSH server. True also when that
// cannot be told, as of a process in another PID namespace, which has id 0.
bool IsInLoginSession(pid_t pid);

// The parent, and the name of the program, in the text of /proc/PID/stat.
struct ProcessStat {
  std::string name;
  pid_t parent = 0;
};
std::optional<ProcessStat> ReadProcessStat(std::string_view text);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_HOST_FILES_H_
