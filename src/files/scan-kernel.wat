;; What `scan-kernel.ts` calls.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; Passes over the unremarkable records of a CSV file, 64 bytes at a time.
  ;;
  ;; Each i64 is a set of bytes of the 64 at $p, bit 0 for the first. What is true of the byte before is shifted by one, and its
  ;; bit for the last byte is carried to the next 64. $bad collects what the scanner in JavaScript must look at; the records
  ;; that end before the first bad byte are passed, the one that contains it is not.
  ;;
  ;; Memory: 0 the first bytes of the header, 16 which of them to compare; 32 results: records, lines; 1024 the selected columns;
  ;; 8188 the place before a record, 8192 its commas and its end; 32768 to 98304 the values found.
  (func (export "scan")
    (param $at i32)        ;; where a record begins
    (param $end i32)       ;; where the block ends
    (param $base i32)      ;; places are relative to it
    (param $last i32)      ;; commas in a record
    (param $trailing i32)  ;; columns at the end that must be empty
    (param $selected i32)  ;; how many columns are selected
    (result i32)           ;; where the first record begins that was not passed
    (local $p i32) (local $start i32) (local $pos i32) (local $fieldEnd i32) (local $i i32) (local $column i32)
    (local $commas i32) (local $total i32) (local $records i32) (local $lines i32) (local $linesNow i32) (local $out i32)
    (local $size i32)
    (local $v0 v128) (local $v1 v128) (local $v2 v128) (local $v3 v128) (local $byte v128) (local $rare v128)
    (local $quotes i64) (local $comma i64) (local $lf i64) (local $allLf i64) (local $cr i64)
    (local $inside i64) (local $open i64) (local $close i64) (local $ends i64) (local $bad i64) (local $upTo i64)
    (local $mine i64) (local $afterEnd i64) (local $afterClose i64)
    (local $carryInside i64) (local $carryEnd i64) (local $carryClose i64) (local $carryCr i64)

    (local.set $p (local.get $at))
    (local.set $start (local.get $at))
    (local.set $out (i32.const 32768))
    (local.set $size (i32.add (i32.const 8) (i32.shl (local.get $selected) (i32.const 3))))
    ;; A record begins as a field does.
    (local.set $carryEnd (i64.const 1))
    (i32.store (i32.const 8188) (i32.sub (local.get $at) (i32.const 1)))
    (block $done
      (br_if $done (i32.eqz (v128.any_true (v128.and
        (v128.xor (v128.load (local.get $at)) (v128.load (i32.const 0)))
        (v128.load (i32.const 16))))))
      (loop $next
        (local.set $v0 (v128.load (local.get $p)))
        (local.set $v1 (v128.load offset=16 (local.get $p)))
        (local.set $v2 (v128.load offset=32 (local.get $p)))
        (local.set $v3 (v128.load offset=48 (local.get $p)))

        (local.set $byte (i8x16.splat (i32.const 34)))
        (local.set $quotes (i64.or
          (i64.or
            (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v0) (local.get $byte))))
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v1) (local.get $byte)))) (i64.const 16)))
          (i64.or
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v2) (local.get $byte)))) (i64.const 32))
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v3) (local.get $byte)))) (i64.const 48)))))
        (local.set $byte (i8x16.splat (i32.const 44)))
        (local.set $comma (i64.or
          (i64.or
            (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v0) (local.get $byte))))
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v1) (local.get $byte)))) (i64.const 16)))
          (i64.or
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v2) (local.get $byte)))) (i64.const 32))
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v3) (local.get $byte)))) (i64.const 48)))))
        (local.set $byte (i8x16.splat (i32.const 10)))
        (local.set $allLf (i64.or
          (i64.or
            (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v0) (local.get $byte))))
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v1) (local.get $byte)))) (i64.const 16)))
          (i64.or
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v2) (local.get $byte)))) (i64.const 32))
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v3) (local.get $byte)))) (i64.const 48)))))
        (local.set $byte (i8x16.splat (i32.const 13)))
        (local.set $cr (i64.or
          (i64.or
            (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v0) (local.get $byte))))
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v1) (local.get $byte)))) (i64.const 16)))
          (i64.or
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v2) (local.get $byte)))) (i64.const 32))
            (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $v3) (local.get $byte)))) (i64.const 48)))))

        ;; In quotes: an odd number of quotes up to here. Doubled quotes leave and enter them again.
        (local.set $inside (i64.xor (local.get $quotes) (i64.shl (local.get $quotes) (i64.const 1))))
        (local.set $inside (i64.xor (local.get $inside) (i64.shl (local.get $inside) (i64.const 2))))
        (local.set $inside (i64.xor (local.get $inside) (i64.shl (local.get $inside) (i64.const 4))))
        (local.set $inside (i64.xor (local.get $inside) (i64.shl (local.get $inside) (i64.const 8))))
        (local.set $inside (i64.xor (local.get $inside) (i64.shl (local.get $inside) (i64.const 16))))
        (local.set $inside (i64.xor (local.get $inside) (i64.shl (local.get $inside) (i64.const 32))))
        (local.set $inside (i64.xor (local.get $inside) (local.get $carryInside)))
        (local.set $carryInside (i64.shr_s (local.get $inside) (i64.const 63)))
        (local.set $open (i64.and (local.get $quotes) (local.get $inside)))
        (local.set $close (i64.xor (local.get $quotes) (local.get $open)))
        (local.set $inside (i64.xor (local.get $inside) (i64.const -1)))
        (local.set $comma (i64.and (local.get $comma) (local.get $inside)))
        (local.set $lf (i64.and (local.get $allLf) (local.get $inside)))
        (local.set $ends (i64.or (local.get $comma) (local.get $lf)))
        (local.set $afterEnd (i64.or (i64.shl (local.get $ends) (i64.const 1)) (local.get $carryEnd)))
        (local.set $carryEnd (i64.shr_u (local.get $ends) (i64.const 63)))
        (local.set $afterClose (i64.or (i64.shl (local.get $close) (i64.const 1)) (local.get $carryClose)))
        (local.set $carryClose (i64.shr_u (local.get $close) (i64.const 63)))

        ;; A quote opens a field or is doubled; a field ends after its closing quote; LF follows CR.
        (local.set $bad (i64.or
          (i64.or
            (i64.and
              (local.get $open)
              (i64.xor (i64.or (local.get $afterEnd) (local.get $afterClose)) (i64.const -1)))
            (i64.and
              (local.get $afterClose)
              (i64.xor
                (i64.or (i64.or (local.get $ends) (local.get $cr)) (local.get $quotes))
                (i64.const -1))))
          (i64.and
            (i64.or (i64.shl (local.get $cr) (i64.const 1)) (local.get $carryCr))
            (i64.xor (local.get $allLf) (i64.const -1)))))
        (local.set $carryCr (i64.shr_u (local.get $cr) (i64.const 63)))

        ;; NUL, #, + and =: the only one of these with the same low four bits is the byte itself.
        (local.set $byte (v128.const i8x16 0 1 1 0x23 1 1 1 1 1 1 1 0x2b 1 0x3d 1 1))
        (local.set $rare (v128.const i8x16 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15))
        (if (v128.any_true (v128.or
              (v128.or
                (i8x16.eq (local.get $v0)
                  (i8x16.swizzle (local.get $byte) (v128.and (local.get $v0) (local.get $rare))))
                (i8x16.eq (local.get $v1)
                  (i8x16.swizzle (local.get $byte) (v128.and (local.get $v1) (local.get $rare)))))
              (v128.or
                (i8x16.eq (local.get $v2)
                  (i8x16.swizzle (local.get $byte) (v128.and (local.get $v2) (local.get $rare))))
                (i8x16.eq (local.get $v3)
                  (i8x16.swizzle (local.get $byte) (v128.and (local.get $v3) (local.get $rare)))))))
          (then
            ;; One after the other: NUL anywhere, + after E, # and = where a field begins.
            (local.set $i (i32.const 0))
            (loop $each
              (local.set $byte (v128.load (i32.add (local.get $p) (local.get $i))))
              (local.set $rare (v128.load (i32.sub (i32.add (local.get $p) (local.get $i)) (i32.const 1))))
              (local.set $bad (i64.or (local.get $bad) (i64.shl
                (i64.extend_i32_u (i8x16.bitmask (v128.or
                  (v128.or
                    (i8x16.eq (local.get $byte) (v128.const i64x2 0 0))
                    (v128.and
                      (i8x16.eq (local.get $byte) (i8x16.splat (i32.const 43)))
                      (i8x16.eq
                        (v128.or (local.get $rare) (i8x16.splat (i32.const 32)))
                        (i8x16.splat (i32.const 101)))))
                  (v128.and
                    (v128.or
                      (i8x16.eq (local.get $byte) (i8x16.splat (i32.const 35)))
                      (i8x16.eq (local.get $byte) (i8x16.splat (i32.const 61))))
                    (v128.or
                      (v128.or
                        (i8x16.eq (local.get $rare) (i8x16.splat (i32.const 34)))
                        (i8x16.eq (local.get $rare) (i8x16.splat (i32.const 44))))
                      (i8x16.eq (local.get $rare) (i8x16.splat (i32.const 10))))))))
                (i64.extend_i32_u (local.get $i)))))
              (local.set $i (i32.add (local.get $i) (i32.const 16)))
              (br_if $each (i32.lt_u (local.get $i) (i32.const 64))))))

        (local.set $i (i32.sub (local.get $end) (local.get $p)))
        (if (i32.lt_u (local.get $i) (i32.const 64))
          (then (local.set $bad (i64.or
            (local.get $bad)
            (i64.shl (i64.const -1) (i64.extend_i32_u (local.get $i)))))))
        (if (i64.ne (local.get $bad) (i64.const 0))
          (then (local.set $lf (i64.and
            (local.get $lf)
            (i64.sub
              (i64.and (local.get $bad) (i64.sub (i64.const 0) (local.get $bad)))
              (i64.const 1))))))

        (block $noMore
          (loop $record
            (br_if $noMore (i64.eqz (local.get $lf)))
            (local.set $upTo (i64.xor (local.get $lf) (i64.sub (local.get $lf) (i64.const 1))))
            (local.set $mine (i64.and (local.get $comma) (local.get $upTo)))
            (local.set $total (i32.add (local.get $commas) (i32.wrap_i64 (i64.popcnt (local.get $mine)))))
            (br_if $done (i32.ne (local.get $total) (local.get $last)))
            (local.set $pos (i32.add (local.get $p) (i32.wrap_i64 (i64.ctz (local.get $lf)))))
            (local.set $fieldEnd (i32.sub
              (local.get $pos)
              (i32.eq (i32.load8_u (i32.sub (local.get $pos) (i32.const 1))) (i32.const 13))))
            ;; Blank, or every field is empty.
            (br_if $done (i32.le_s
              (i32.sub (local.get $fieldEnd) (local.get $start))
              (local.get $last)))
            (local.set $i (local.get $trailing))
            (block $empty
              (loop $each
                (br_if $empty (i32.eqz (local.get $i)))
                (br_if $done (i32.ne
                  (i32.load8_u (i32.sub (local.get $fieldEnd) (local.get $i)))
                  (i32.const 44)))
                (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                (br $each)))

            (if (local.get $selected)
              (then
                (br_if $done (i32.gt_u (i32.add (local.get $out) (local.get $size)) (i32.const 98304)))
                (local.set $i (i32.shl (local.get $commas) (i32.const 2)))
                (block $all
                  (loop $each
                    (br_if $all (i64.eqz (local.get $mine)))
                    (i32.store offset=8192
                      (local.get $i)
                      (i32.add (local.get $p) (i32.wrap_i64 (i64.ctz (local.get $mine)))))
                    (local.set $mine (i64.and (local.get $mine) (i64.sub (local.get $mine) (i64.const 1))))
                    (local.set $i (i32.add (local.get $i) (i32.const 4)))
                    (br $each)))
                (i32.store offset=8192 (local.get $i) (local.get $fieldEnd))
                (i32.store (local.get $out) (i32.sub (local.get $start) (local.get $base)))
                (i32.store offset=4 (local.get $out) (local.get $lines))
                (local.set $out (i32.add (local.get $out) (i32.const 8)))
                (local.set $i (i32.const 0))
                (loop $each
                  (local.set $column (i32.shl
                    (i32.load offset=1024 (i32.shl (local.get $i) (i32.const 2)))
                    (i32.const 2)))
                  (i32.store (local.get $out) (i32.sub
                    (i32.add (i32.load offset=8184 (local.get $column)) (i32.const 1))
                    (local.get $base)))
                  (i32.store offset=4
                    (local.get $out)
                    (i32.sub (i32.load offset=8188 (local.get $column)) (local.get $base)))
                  (local.set $out (i32.add (local.get $out) (i32.const 8)))
                  (local.set $i (i32.add (local.get $i) (i32.const 1)))
                  (br_if $each (i32.lt_u (local.get $i) (local.get $selected))))
                (i32.store (i32.const 8188) (local.get $pos))))

            (local.set $records (i32.add (local.get $records) (i32.const 1)))
            (local.set $linesNow (i32.add
              (local.get $linesNow)
              (i32.wrap_i64 (i64.popcnt (i64.and (local.get $allLf) (local.get $upTo))))))
            (local.set $lines (local.get $linesNow))
            (local.set $start (i32.add (local.get $pos) (i32.const 1)))
            (local.set $commas (i32.const 0))
            (local.set $upTo (i64.xor (local.get $upTo) (i64.const -1)))
            (local.set $allLf (i64.and (local.get $allLf) (local.get $upTo)))
            (local.set $comma (i64.and (local.get $comma) (local.get $upTo)))
            (local.set $lf (i64.and (local.get $lf) (local.get $upTo)))
            ;; It begins as the header does, or with a byte order mark.
            (br_if $done (i32.eqz (v128.any_true (v128.and
              (v128.xor (v128.load (local.get $start)) (v128.load (i32.const 0)))
              (v128.load (i32.const 16))))))
            (br_if $done (i32.eq
              (i32.and (i32.load (local.get $start)) (i32.const 0xffffff))
              (i32.const 0xbfbbef)))
            (br $record)))

        (br_if $done (i64.ne (local.get $bad) (i64.const 0)))
        (local.set $linesNow (i32.add (local.get $linesNow) (i32.wrap_i64 (i64.popcnt (local.get $allLf)))))
        (local.set $total (i32.add (local.get $commas) (i32.wrap_i64 (i64.popcnt (local.get $comma)))))
        (br_if $done (i32.gt_u (local.get $total) (local.get $last)))
        (if (local.get $selected)
          (then
            (local.set $i (i32.shl (local.get $commas) (i32.const 2)))
            (block $all
              (loop $each
                (br_if $all (i64.eqz (local.get $comma)))
                (i32.store offset=8192
                  (local.get $i)
                  (i32.add (local.get $p) (i32.wrap_i64 (i64.ctz (local.get $comma)))))
                (local.set $comma (i64.and (local.get $comma) (i64.sub (local.get $comma) (i64.const 1))))
                (local.set $i (i32.add (local.get $i) (i32.const 4)))
                (br $each)))))
        (local.set $commas (local.get $total))
        (local.set $p (i32.add (local.get $p) (i32.const 64)))
        (br $next)))
    (i32.store (i32.const 32) (local.get $records))
    (i32.store (i32.const 36) (local.get $lines))
    (local.get $start))

  ;; Finds what the characters that `ConversionSearch` looks for begin with: C3 82 or C3 83 and a first byte that may follow them,
  ;; C3 A2 E2, EF BF BD.
  (func (export "search")
    (param $at i32)  ;; where to begin
    (param $end i32)
    (result i32)     ;; where the first one is, perhaps cut off by the end; the end if there is none
    (local $found i32) (local $first v128) (local $second v128) (local $third v128)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $first (v128.load (local.get $at)))
        (local.set $second (v128.load offset=1 (local.get $at)))
        (local.set $third (v128.load offset=2 (local.get $at)))
        (local.set $found (i8x16.bitmask (v128.or
          (v128.and
            (i8x16.eq (local.get $first) (i8x16.splat (i32.const 0xc3)))
            (v128.or
              (v128.and
                (i8x16.eq
                  (v128.and (local.get $second) (i8x16.splat (i32.const 0xfe)))
                  (i8x16.splat (i32.const 0x82)))
                (v128.or
                  (v128.or
                    (i8x16.eq
                      (v128.and (local.get $third) (i8x16.splat (i32.const 0xdf)))
                      (i8x16.splat (i32.const 0xc2)))
                    (i8x16.eq (local.get $third) (i8x16.splat (i32.const 0xc5))))
                  (v128.or
                    (i8x16.eq (local.get $third) (i8x16.splat (i32.const 0xc6)))
                    (i8x16.eq (local.get $third) (i8x16.splat (i32.const 0xcb))))))
              (v128.and
                (i8x16.eq (local.get $second) (i8x16.splat (i32.const 0xa2)))
                (i8x16.eq (local.get $third) (i8x16.splat (i32.const 0xe2))))))
          (v128.and
            (v128.and
              (i8x16.eq (local.get $first) (i8x16.splat (i32.const 0xef)))
              (i8x16.eq (local.get $second) (i8x16.splat (i32.const 0xbf))))
            (i8x16.eq (local.get $third) (i8x16.splat (i32.const 0xbd)))))))
        (if (local.get $found)
          (then
            (local.set $at (i32.add (local.get $at) (i32.ctz (local.get $found))))
            (br $done)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (select (local.get $at) (local.get $end) (i32.lt_u (local.get $at) (local.get $end))))

  ;; `KeyHash64.hash`: low and high half, and 1 for an odd byte, 2 for a letter in lower case.
  (func $hash (param $i i32) (param $to i32) (param $cases i32) (result i32 i32 i32)
    (local $a i32) (local $b i32) (local $odd i32) (local $lower i32) (local $raw i32) (local $word i32)
    (local.set $a (i32.xor (i32.const 0x9e3779b9) (i32.sub (local.get $to) (local.get $i))))
    (local.set $b (i32.const 0x7f4a7c15))
    (block $words
      (loop $next
        (br_if $words (i32.gt_u (i32.add (local.get $i) (i32.const 4)) (local.get $to)))
        (local.set $raw (i32.load (local.get $i)))
        (local.set $odd (i32.or (local.get $odd) (i32.or
          (local.get $raw)
          (i32.and
            (i32.sub (local.get $raw) (i32.const 0x21212121))
            (i32.xor (local.get $raw) (i32.const -1))))))
        (local.set $word (i32.shr_u (local.get $raw) (i32.const 1)))
        (local.set $lower (i32.or (local.get $lower) (i32.and (local.get $raw) (local.get $word))))
        (local.set $word (i32.and
          (local.get $raw)
          (i32.xor (i32.and (local.get $word) (local.get $cases)) (i32.const -1))))
        (local.set $a (i32.rotl
          (i32.mul (i32.xor (local.get $a) (local.get $word)) (i32.const 0x85ebca6b))
          (i32.const 13)))
        (local.set $b (i32.rotl
          (i32.mul (i32.xor (local.get $b) (local.get $word)) (i32.const 0xc2b2ae35))
          (i32.const 17)))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br $next)))
    (block $bytes
      (loop $next
        (br_if $bytes (i32.ge_u (local.get $i) (local.get $to)))
        (local.set $raw (i32.load8_u (local.get $i)))
        (local.set $odd (i32.or (local.get $odd) (i32.or
          (local.get $raw)
          (i32.and
            (i32.sub (local.get $raw) (i32.const 0x21))
            (i32.xor (local.get $raw) (i32.const -1))))))
        (local.set $word (i32.shr_u (local.get $raw) (i32.const 1)))
        (local.set $lower (i32.or (local.get $lower) (i32.and (local.get $raw) (local.get $word))))
        (local.set $word (i32.and
          (local.get $raw)
          (i32.xor (i32.and (local.get $word) (local.get $cases)) (i32.const -1))))
        (local.set $a (i32.rotl
          (i32.mul (i32.xor (local.get $a) (local.get $word)) (i32.const 0x85ebca6b))
          (i32.const 13)))
        (local.set $b (i32.rotl
          (i32.mul (i32.xor (local.get $b) (local.get $word)) (i32.const 0xc2b2ae35))
          (i32.const 17)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.set $a (i32.mul
      (i32.xor (local.get $a) (i32.shr_u (local.get $a) (i32.const 16)))
      (i32.const 0x85ebca6b)))
    (local.set $b (i32.mul
      (i32.xor (local.get $b) (i32.shr_u (local.get $b) (i32.const 16)))
      (i32.const 0xc2b2ae35)))
    (local.set $a (i32.mul
      (i32.xor (i32.xor (local.get $a) (i32.shr_u (local.get $a) (i32.const 13))) (local.get $b))
      (i32.const 0xc2b2ae35)))
    (local.set $b (i32.mul
      (i32.xor (i32.xor (local.get $b) (i32.shr_u (local.get $b) (i32.const 13))) (local.get $a))
      (i32.const 0x85ebca6b)))
    (i32.xor (local.get $a) (i32.shr_u (local.get $a) (i32.const 16)))
    (i32.xor (local.get $b) (i32.shr_u (local.get $b) (i32.const 16)))
    (i32.or
      (i32.ne (i32.and (local.get $odd) (i32.const 0x80808080)) (i32.const 0))
      (i32.shl
        (i32.ne (i32.and (local.get $lower) (i32.const 0x20202020)) (i32.const 0))
        (i32.const 1))))

  ;; Hashes the values of one column, as `KeyHash64` and `FoldedHash` do. For each record 20 bytes: low, high, both halves of the
  ;; folded hash, and what `HashedKeys` says of the value.
  (func (export "hashes")
    (param $count i32)  ;; records
    (param $at i32)     ;; the bounds of the value in the first record
    (param $size i32)   ;; bytes from one record to the next
    (param $base i32)
    (param $out i32)
    (local $from i32) (local $to i32) (local $low i32) (local $high i32) (local $what i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $from (i32.add (local.get $base) (i32.load (local.get $at))))
        (local.set $to (i32.add (local.get $base) (i32.load offset=4 (local.get $at))))
        (if (i32.or
              (i32.eq (local.get $from) (local.get $to))
              (i32.eq (i32.load8_u (local.get $from)) (i32.const 34)))
          (then (i32.store offset=16 (local.get $out) (i32.const 0)))
          (else
            (call $hash (local.get $from) (local.get $to) (i32.const 0))
            (local.set $what) (local.set $high) (local.set $low)
            (i32.store (local.get $out) (local.get $low))
            (i32.store offset=4 (local.get $out) (local.get $high))
            (if (i32.and (local.get $what) (i32.const 1))
              (then (i32.store offset=16 (local.get $out) (i32.const 3)))
              (else
                (if (i32.or
                      (local.get $what)
                      (i32.and
                        (i32.eq (i32.load8_u (local.get $from)) (i32.const 48))
                        (i32.gt_u (i32.sub (local.get $to) (local.get $from)) (i32.const 1))))
                  (then
                    (block $stripped
                      (loop $zero
                        (br_if $stripped (i32.ge_u (i32.add (local.get $from) (i32.const 1)) (local.get $to)))
                        (br_if $stripped (i32.ne (i32.load8_u (local.get $from)) (i32.const 48)))
                        (local.set $from (i32.add (local.get $from) (i32.const 1)))
                        (br $zero)))
                    (call $hash (local.get $from) (local.get $to) (i32.const 0x20202020))
                    (drop) (local.set $high) (local.set $low)
                    (i32.store offset=8 (local.get $out) (local.get $low))
                    (i32.store offset=12 (local.get $out) (local.get $high))
                    (i32.store offset=16 (local.get $out) (i32.const 2)))
                  (else (i32.store offset=16 (local.get $out) (i32.const 1))))))))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (local.get $size)))
        (local.set $out (i32.add (local.get $out) (i32.const 20)))
        (br $next))))

  ;; Reads the amounts of one column, those of `AmountReader.read` that need no closer look. For each record 16 bytes: the
  ;; ten-thousandths as f64, and the decimals; -1 for other values.
  (func (export "amounts")
    (param $count i32) (param $at i32) (param $size i32) (param $base i32) (param $out i32)
    (local $from i32) (local $to i32) (local $dot i32) (local $digit i32) (local $decimals i32)
    (local $units i64) (local $negative i32) (local $first i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $from (i32.add (local.get $base) (i32.load (local.get $at))))
        (local.set $to (i32.add (local.get $base) (i32.load offset=4 (local.get $at))))
        (local.set $dot (i32.const 0))
        (local.set $units (i64.const 0))
        (local.set $decimals (i32.const -1))
        (local.set $negative (i32.and
          (i32.lt_u (local.get $from) (local.get $to))
          (i32.eq (i32.load8_u (local.get $from)) (i32.const 45))))
        (local.set $from (i32.add (local.get $from) (local.get $negative)))
        (local.set $first (local.get $from))
        (block $other
          ;; Eleven digits and a point.
          (br_if $other (i32.gt_u (i32.sub (local.get $to) (local.get $from)) (i32.const 12)))
          (block $end
            (loop $byte
              (br_if $end (i32.ge_u (local.get $from) (local.get $to)))
              (local.set $digit (i32.sub (i32.load8_u (local.get $from)) (i32.const 48)))
              (local.set $from (i32.add (local.get $from) (i32.const 1)))
              (if (i32.le_u (local.get $digit) (i32.const 9))
                (then
                  (local.set $units (i64.add
                    (i64.mul (local.get $units) (i64.const 10))
                    (i64.extend_i32_u (local.get $digit))))
                  (br $byte)))
              (br_if $other (i32.ne (local.get $digit) (i32.const -2)))
              (br_if $other (local.get $dot))
              (local.set $dot (local.get $from))
              (br $byte)))
          (local.set $digit (i32.sub
            (i32.sub (local.get $to) (local.get $first))
            (i32.ne (local.get $dot) (i32.const 0))))
          (br_if $other (i32.or
            (i32.eqz (local.get $digit))
            (i32.gt_u (local.get $digit) (i32.const 11))))
          (local.set $digit (select
            (i32.sub (local.get $to) (local.get $dot))
            (i32.const 0)
            (local.get $dot)))
          (br_if $other (i32.gt_u (local.get $digit) (i32.const 4)))
          (local.set $decimals (local.get $digit))
          (block $scaled
            (loop $scale
              (br_if $scaled (i32.ge_u (local.get $digit) (i32.const 4)))
              (local.set $units (i64.mul (local.get $units) (i64.const 10)))
              (local.set $digit (i32.add (local.get $digit) (i32.const 1)))
              (br $scale)))
          (if (local.get $negative)
            (then (local.set $units (i64.sub (i64.const 0) (local.get $units)))))
          (f64.store (local.get $out) (f64.convert_i64_s (local.get $units))))
        (i32.store offset=8 (local.get $out) (local.get $decimals))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (local.get $size)))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (br $next))))

  ;; How many records, from the first one, have exactly $width digits in a column.
  (func (export "digits")
    (param $count i32) (param $at i32) (param $size i32) (param $base i32) (param $width i32) (result i32)
    (local $from i32) (local $to i32) (local $left i32)
    (local.set $left (local.get $count))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (local.set $from (i32.add (local.get $base) (i32.load (local.get $at))))
        (local.set $to (i32.add (local.get $base) (i32.load offset=4 (local.get $at))))
        (br_if $done (i32.ne (i32.sub (local.get $to) (local.get $from)) (local.get $width)))
        (block $all
          (loop $byte
            (br_if $all (i32.ge_u (local.get $from) (local.get $to)))
            (br_if $done (i32.gt_u
              (i32.sub (i32.load8_u (local.get $from)) (i32.const 48))
              (i32.const 9)))
            (local.set $from (i32.add (local.get $from) (i32.const 1)))
            (br $byte)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (local.get $size)))
        (br $next)))
    (i32.sub (local.get $count) (local.get $left))))
