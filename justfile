# The npm scripts under `just`: `just test-e2e` is `npm run test:e2e`. A test keeps the two the same.

set positional-arguments

[private]
default:
    @just --list --unsorted

# everything on this machine: PostgreSQL, flags, service, controller
start *args:
    @npm run -s start -- "$@"

# a rollout that climbs and drops by itself, with measured times
demo *args:
    @npm run -s demo -- "$@"

# the command line: npm run -s sluice -- status
sluice *args:
    @npm run -s sluice -- "$@"

# brings the database of DATABASE_URL up to date
migrate *args:
    @npm run -s migrate -- "$@"

# types, lint, dead code, and all tests that need nothing installed
test *args:
    @npm run -s test -- "$@"

# the compiler, for programs and for the console's page
types *args:
    @npm run -s types -- "$@"

# format, lint rules, the order of imports
lint *args:
    @npm run -s lint -- "$@"

# the same, and writes what it can mend
format *args:
    @npm run -s format -- "$@"

# files, exports and dependencies that nobody uses
dead-code *args:
    @npm run -s dead-code -- "$@"

# the tests of test alone
test-run *args:
    @npm run -s test:run -- "$@"

# the whole as processes, with real tools
test-e2e *args:
    @npm run -s test:e2e -- "$@"

# seeded schedules of faults under writers
test-faults *args:
    @npm run -s test:faults -- "$@"

# the controller's engine in simulated worlds, for a minute
test-simulate *args:
    @npm run -s test:simulate -- "$@"

# manifests, and a disposable cluster where KUBECONFIG names one
test-k8s *args:
    @npm run -s test:k8s -- "$@"

# writes the manifests that repeat other files
k8s-generate *args:
    @npm run -s k8s:generate -- "$@"

# makes the pictures of the README anew, from a running system
pictures *args:
    @npm run -s pictures -- "$@"

# installs the commit hook
hooks *args:
    @npm run -s hooks -- "$@"

# what the hook asks of a commit's subject
check-subject *args:
    @npm run -s check-subject -- "$@"

# throughput and latency beside a bare handler
bench *args:
    @npm run -s bench -- "$@"

# false rollbacks and detection times, simulated
bench-calm *args:
    @npm run -s bench:calm -- "$@"

# how long a broken path goes on being served, by signal
bench-reaction *args:
    @npm run -s bench:reaction -- "$@"

# what grows with replicas
bench-scale *args:
    @npm run -s bench:scale -- "$@"
