// What every command comes to in every way to fail: error code and outcome; ok: exit code 0 (failures.test.ts).

const rows = (table: string): readonly (readonly string[])[] =>
  table
    .trim()
    .split('\n')
    .map((row) => row.split(/ *\| */).map((cell) => cell.trim()));

export type Way = readonly [name: string, line: string, ...cells: string[]];

// The line that would succeed, and what becomes of it without a server; with an unknown profile; with a bad home; when the server
// is not there. Of a command that asks the server also: when it says 401, 404, 500 or shows a login page; when interrupted.
export const WAYS = rows(`
init            | init --job NEW                                                 | USAGE | USAGE | USAGE | UNAVAILABLE          | AUTH          | REJECTED not-run    | UNAVAILABLE          | UNAVAILABLE          | INTERRUPTED
upload customer | upload customer more.csv --job OPEN                            | USAGE | USAGE | USAGE | UNAVAILABLE draft    | AUTH draft    | REJECTED draft      | UNAVAILABLE draft    | UNAVAILABLE draft    | INTERRUPTED draft
upload invoice  | upload invoice inv.csv --items itm_1.csv --job NEW             | USAGE | USAGE | USAGE | UNAVAILABLE draft    | AUTH draft    | REJECTED draft      | UNAVAILABLE draft    | UNAVAILABLE draft    | INTERRUPTED draft
upload items    | upload items itm_2.csv --job OPEN                              | USAGE | USAGE | USAGE | UNAVAILABLE          | AUTH          | UNACCOUNTED missing | UNAVAILABLE          | UNAVAILABLE          | INTERRUPTED
finalize        | finalize --job OPEN                                            | USAGE | USAGE | USAGE | UNAVAILABLE uploaded | AUTH uploaded | REJECTED missing    | UNAVAILABLE uploaded | UNAVAILABLE uploaded | INTERRUPTED uploaded
status          | status --job OPEN                                              | USAGE | USAGE | USAGE | UNAVAILABLE uploaded | AUTH uploaded | ok                  | UNAVAILABLE uploaded | UNAVAILABLE uploaded | INTERRUPTED uploaded
watch           | watch --job OPEN                                               | USAGE | USAGE | USAGE | UNAVAILABLE uploaded | AUTH uploaded | UNACCOUNTED missing | UNAVAILABLE uploaded | UNAVAILABLE uploaded | INTERRUPTED uploaded
results         | results --job DONE                                             | USAGE | USAGE | USAGE | UNAVAILABLE partial  | AUTH partial  | UNACCOUNTED missing | UNAVAILABLE partial  | UNAVAILABLE partial  | INTERRUPTED partial
correct         | correct corrected --job DONE                                   | USAGE | USAGE | USAGE | UNAVAILABLE          | AUTH          | UNACCOUNTED         | UNAVAILABLE          | UNAVAILABLE          | INTERRUPTED
run             | run plan.yaml                                                  | USAGE | USAGE | USAGE | UNAVAILABLE          | AUTH          | REJECTED not-run    | UNAVAILABLE          | UNAVAILABLE          | INTERRUPTED
report          | report --job DONE                                              | USAGE | USAGE | USAGE | ok                   | AUTH partial  | ok                  | ok                   | ok                   | INTERRUPTED partial
doctor          | doctor                                                         | USAGE | USAGE | USAGE | UNAVAILABLE          | AUTH          | ok                  | UNAVAILABLE          | UNAVAILABLE             | INTERRUPTED
api             | api GET /rest/batchProcess?id=1                                | USAGE | USAGE | ok    | UNAVAILABLE          | AUTH          | REJECTED            | UNAVAILABLE          | ok                   | INTERRUPTED
validate        | validate --customer cus.csv                                    | ok    | USAGE | ok    | ok
loads           | loads                                                          | ok    | USAGE | USAGE | ok
loads show      | loads show DONE                                                | USAGE | USAGE | USAGE | ok
loads export    | loads export DONE --out NEW.jsonl                              | USAGE | USAGE | USAGE | ok
loads import    | loads import done.jsonl                                        | ok    | ok    | USAGE | ok
profile add     | profile add p --base-url https://ebill.example.com --auth none | ok    | ok    | USAGE | ok
profile set     | profile set known --username me                                | USAGE | ok    | USAGE | ok
profile list    | profile list                                                   | ok    | ok    | USAGE | ok
profile show    | profile show known                                             | USAGE | ok    | USAGE | ok
profile use     | profile use known                                              | USAGE | ok    | USAGE | ok
profile remove  | profile remove known                                           | USAGE | ok    | USAGE | ok
completion      | completion bash                                                | ok    | ok    | ok    | ok
sandbox         | sandbox --fault x                                              | USAGE | USAGE | USAGE | USAGE
demo            | demo                                                           | USAGE | USAGE | USAGE | USAGE
ebill           |                                                                | ok    | USAGE | ok    | ok
`) as readonly Way[];

// On a terminal with a production profile where something is typed: after <.
export const OWN = rows(`
init                                                                          | USAGE
init --job NEW --zero-out-customer-balance                                    | USAGE
init --job OPEN --no-carry-forward-invoices                                   | CONFLICT
init --job NEW --init-timeout soon                                            | USAGE
init --job NEW --profile live < n                                             | DECLINED
upload customer more.csv --job OPEN --job-id OPEN_CUS                         | CONFLICT
upload customer none.csv --job OPEN                                           | INVALID_FILE
upload customer none*.csv --job OPEN                                          | USAGE
upload customer ragged.csv --job OPEN                                         | INVALID_FILE
upload customer sub/cus.csv --job OPEN                                        | CONFLICT
upload customer cus.csv sub/cus.csv --job OPEN                                | USAGE
upload customer rejected.csv --job OPEN                                       | CONFLICT
upload customer inv.csv --job OPEN                                            | CONFLICT
upload customer more.csv --job OPEN --wait --finalize --download cus.csv/x    | USAGE
upload customer more.csv --job OPEN --profile live < n                        | DECLINED
upload invoice none.csv --job OPEN                                            | INVALID_FILE
upload invoice ragged.csv --job OPEN                                          | INVALID_FILE
upload invoice sub/inv.csv --job OPEN                                         | CONFLICT
upload invoice inv.csv --items none.csv --job NEW                             | INVALID_FILE
upload invoice inv.csv sub/inv.csv --items itm_1.csv --job NEW                | USAGE
upload invoice inv.csv --items itm_1.csv --job NEW --profile live < n         | DECLINED
upload items none.csv --job OPEN                                              | INVALID_FILE
upload items ragged.csv --job OPEN                                            | INVALID_FILE
upload items sub/itm_1.csv --job OPEN                                         | CONFLICT
upload items itm_2.csv --job NEW                                              | REJECTED
upload items itm_2.csv --parent-id 99                                         | REJECTED
upload items itm_2.csv --job OPEN --profile live < n                          | DECLINED
validate                                                                      | USAGE
validate --customer none.csv                                                  | INVALID_FILE
validate --customer ragged.csv                                                | INVALID_FILE
validate cus.csv --column nonsense                                            | USAGE
finalize --job NEW                                                            | REJECTED
finalize --id 99                                                              | REJECTED
finalize --job OPEN --leave-out x                                             | USAGE
finalize --job OPEN --profile live < n                                        | DECLINED
status --job NEW                                                              | REJECTED
status --id 99                                                                | REJECTED
status --job OPEN --id 1                                                      | USAGE
status --job OPEN --exit-status                                               | STILL_RUNNING uploaded
status --job DONE --exit-status                                               | PARTIAL partial
watch --job NEW                                                               | REJECTED
watch --job OPEN                                                              | STILL_RUNNING uploaded
watch --job OPEN --max-wait 1s                                                | STILL_RUNNING uploaded
watch --job DONE                                                              | PARTIAL partial
watch --job DONE --download cus.csv/x                                         | USAGE
results --job NEW                                                             | REJECTED
results --job OPEN                                                            | STILL_RUNNING uploaded
results --job DONE --out cus.csv/x                                            | USAGE
correct --job NEW                                                             | CONFLICT
correct none.csv --job DONE                                                   | USAGE
correct cus.csv --job DONE                                                    | USAGE
correct rejects --job DONE                                                    | INVALID_FILE
correct --job DONE --waive x --reason y                                       | USAGE
correct --job DONE --waive DONE_CUS                                           | USAGE
correct corrected --job DONE --profile live < n                               | DECLINED
run none.yaml                                                                 | INVALID_PLAN
run wrong.yaml                                                                | INVALID_PLAN
run lacking.yaml                                                              | INVALID_PLAN
run ragged.yaml                                                               | INVALID_FILE
run expecting.yaml                                                            | DECLINED
run zero.yaml                                                                 | USAGE
run plan.yaml --out cus.csv/x                                                 | USAGE
run plan.yaml --approved none.json                                            | USAGE
run plan.yaml --freeze cus.csv                                                | USAGE
run plan.yaml --profile live < n                                              | DECLINED
report --job NEW                                                              | REJECTED
report --job DONE --out cus.csv/x.html                                        | USAGE
report --job DONE --out cus.csv                                               | USAGE
loads show NONE                                                               | USAGE
loads export NONE                                                             | USAGE
loads export DONE --out done.jsonl                                            | USAGE
loads export DONE --out cus.csv/x                                             | USAGE
loads import none.jsonl                                                       | USAGE
loads import cus.csv                                                          | INVALID_FILE
profile add known --base-url https://x.example.com --auth none                | USAGE
profile add p --base-url ftp://x                                              | USAGE
profile add p --base-url https://x.example.com --auth bearer --token-stdin    | USAGE
profile add p --base-url https://x.example.com --auth none --ca-file none.pem | USAGE
profile set nope --username x                                                 | USAGE
profile set known                                                             | USAGE
profile show nope                                                             | USAGE
profile use nope                                                              | USAGE
profile remove nope                                                           | USAGE
api DELETE /x                                                                 | USAGE
api GET x                                                                     | USAGE
api POST /rest/batchProcess --input none.xml                                  | USAGE
api GET /rest/batchProcess?id=99                                              | REJECTED
completion                                                                    | USAGE
completion tcsh                                                               | USAGE
sandbox --fault x                                                             | USAGE
sandbox --port 99999                                                          | USAGE
demo                                                                          | USAGE
demo --records 0                                                              | USAGE
nothing                                                                       | USAGE
help nothing                                                                  | USAGE
`) as readonly (readonly [line: string, cell: string])[];
