# What the full test suite needs on a machine, for .ci/run: functions only, `$scratch` is the caller's folder.
# shellcheck shell=bash

# Debian package -> the program that tells whether it is there.
declare -A packages=(
  [ca-certificates]=update-ca-certificates
  [chromium]=chromium
  [docker.io]=dockerd
  [docker-registry]=docker-registry
  [git]=git
  [mmdebstrap]=mmdebstrap
  [mosquitto]=mosquitto
  [openssl]=openssl
  [prometheus]=prometheus
  [mosquitto-clients]=mosquitto_pub
  [qemu-user-static]=qemu-aarch64-static
  [skopeo]=skopeo
)
pids=()

# retry COMMAND...: up to three times, as package mirrors stumble
retry() {
  local attempt
  for attempt in 1 2 3; do
    "$@" && return 0
    echo "attempt $attempt of 3 failed: $*" >&2
    sleep $((attempt * 5))
  done
  return 1
}

install_packages() {
  local missing=() name
  PATH="$PATH:/usr/sbin"
  for name in "${!packages[@]}"; do
    command -v "${packages[$name]}" >/dev/null || missing+=("$name")
  done
  # a package without a program of its own: what makes Python's virtual environments
  python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
  if [ ${#missing[@]} -eq 0 ]; then
    echo 'all there already'
    return 0
  fi
  echo "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # the packages start services of their own on install; this machine shall run only what this script starts
  local policy=/usr/sbin/policy-rc.d made_policy=''
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made_policy=yes
  fi
  retry apt-get update -q && retry apt-get install -y -q --no-install-recommends "${missing[@]}" >"$scratch/apt.log" 2>&1
  local status=$?
  [ -z "$made_policy" ] || rm -f "$policy"
  [ $status -eq 0 ] || tail -n 30 "$scratch/apt.log"
  return $status
}

print_versions() {
  echo "Debian $(cat /etc/debian_version), kernel $(uname -r), $(nproc) cores"
  echo "Node.js $(node --version), npm $(npm --version)"
  dockerd --version
  docker-registry --version 2>&1 | head -n 1
  qemu-aarch64-static --version | head -n 1
  echo "mmdebstrap $(mmdebstrap --version 2>&1 | head -n 1)"
  chromium --version 2>/dev/null
  mosquitto -h | head -n 1
  python3 --version
  skopeo --version
  return 0
}

# wait_until SECONDS COMMAND...
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.2
  done
}

# An engine of our own, in a folder of our own: no bridge and no firewall rules, so containers share the host's network.
# overlay2 where the kernel has it, else vfs, which copies every layer but works anywhere.
start_docker() {
  local folder="$scratch/docker" driver
  export DOCKER_HOST="unix://$folder/docker.sock"
  mkdir -p "$folder"
  for driver in overlay2 vfs; do
    dockerd --host "$DOCKER_HOST" --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/docker.pid" \
      --iptables=false --ip6tables=false --bridge=none --storage-driver="$driver" >"$folder/dockerd.log" 2>&1 </dev/null &
    local pid=$!
    if wait_until 60 docker_answers_or_ends "$pid" && docker_answers; then
      pids+=("$pid")
      echo "answers at $DOCKER_HOST with storage driver $driver"
      return 0
    fi
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  tail -n 20 "$folder/dockerd.log"
  return 1
}

docker_answers() { unix_get "$scratch/docker/docker.sock" /_ping; }
docker_answers_or_ends() { docker_answers || ! kill -0 "$1" 2>/dev/null; }

# a GET over a Unix socket with what is surely there: node
unix_get() {
  node -e 'require("node:http").get({socketPath:process.argv[1],path:process.argv[2]},(r)=>process.exit(r.statusCode===200?0:1)).on("error",()=>process.exit(1))' "$1" "$2"
}

# A registry on a free port of 127.0.0.1, which Docker trusts without TLS.
start_registry() {
  local folder="$scratch/registry" port
  mkdir -p "$folder/data"
  port=$(node -e 'const s=require("node:net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
  printf 'version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\nhttp: {addr: 127.0.0.1:%s}\n' \
    "$folder/data" "$port" >"$folder/config.yml"
  docker-registry serve "$folder/config.yml" >"$folder/registry.log" 2>&1 </dev/null &
  pids+=("$!")
  export EDGEWRIGHT_REGISTRY="127.0.0.1:$port"
  wait_until 20 node -e "fetch('http://$EDGEWRIGHT_REGISTRY/v2/').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))" ||
    { tail -n 20 "$folder/registry.log"; return 1; }
  echo "answers at $EDGEWRIGHT_REGISTRY"
}

# Lets the kernel run arm programs, in containers too: flag F opens the interpreter now, so no container needs it inside.
start_emulation() {
  local entries=/proc/sys/fs/binfmt_misc name line
  [ -e $entries/register ] || mount -t binfmt_misc none $entries || return 1
  for name in qemu-aarch64 qemu-arm; do
    if [ -e "$entries/$name" ]; then
      echo "$name is there: $(grep -E '^(interpreter|flags)' "$entries/$name" | tr '\n' ' ')"
      grep -qE '^flags: .*F' "$entries/$name" && continue
      echo -1 >"$entries/$name"
    fi
    line=$(cat "/usr/lib/binfmt.d/$name.conf") || return 1
    printf '%s' "$line" >$entries/register || return 1
    registered+=("$name")
    echo "$name registered"
  done
}
registered=()

# Ends what was started here, newest first, and removes its files.
stop_services() {
  local pid name
  for name in "${registered[@]}"; do
    echo -1 >"/proc/sys/fs/binfmt_misc/$name"
  done
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    pid=${pids[i]}
    kill "$pid" 2>/dev/null && wait_until 20 dead "$pid" || kill -9 "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  pids=()
  registered=()
  unmount_below "$scratch"
  rm -rf --one-file-system "$scratch"
}

dead() { ! kill -0 "$1" 2>/dev/null; }

unmount_below() {
  local place
  awk -v top="$1/" 'index($2, top) == 1 {print $2}' /proc/mounts | sort -r | while read -r place; do
    umount -l "$place"
  done
}
