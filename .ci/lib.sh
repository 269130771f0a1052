# What the scripts of this folder share, to be sourced: it goes to the root of the repository.
# shellcheck shell=bash
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Where cargo builds.
target=${CARGO_TARGET_DIR:-target}
doing=

# Ends the step before, if there is one, with its seconds.
end_step() {
    [[ -z $doing ]] || printf '   %s: %d s\n' "$doing" $((SECONDS - begun))
    doing=
}

# Begins a step with a name.
step() {
    end_step
    doing=$1
    begun=$SECONDS
    printf '\n== %s\n' "$doing"
}
trap '[[ $? == 0 || -z $doing ]] || printf "\nFAILED: %s\n" "$doing"' EXIT

# Installs packages of the system.
add_packages() {
    apt-get update && apt-get install -y --no-install-recommends "$@"
}

# Installs the packages behind the first argument, a program, unless that is there.
need() {
    command -v "$1" >/dev/null || add_packages "${@:2}"
}

# A Python environment under the folder `$1` with the packages behind it; made once.
python_environment() {
    local folder=$1 wanted=("${@:2}")
    [[ $(cat "$folder/installed" 2>/dev/null) == "${wanted[*]}" ]] && return
    python3 -m venv --clear "$folder"
    "$folder/bin/python" -m pip install --quiet "${wanted[@]}"
    echo "${wanted[*]}" >"$folder/installed"
}
