//! Documents in the formats that people write.

use super::targets;
use super::tests::run;

#[test]
fn documents_in_yaml() {
    let seeds: [&[u8]; 5] = [
        b"\x01---\na: 1\nb:\n- c: [x, {y: 'z'}]\n  d: \"\\u00e9\\n\"\n- - 0x1F\n# c\n",
        b"\x20a: |\n  x\n\n   y\nb: >-\n  x\n  y\n...\n",
        b"\x07{\"a\":[1,{\"b\":null}],\n\t\"c\":\"\\ud83d\\ude00\"}",
        b"\xffone\n two # c\n\n three",
        b"\x30a: |2+ # c\n   x\n\nb: 'it''s\n  x'\r\nc : ~",
    ];
    let pieces: &[&[u8]] = &[
        b"\n",
        b"\n  ",
        b"\n- ",
        b"- ",
        b": ",
        b":",
        b" ",
        b"\t",
        b"[",
        b"]",
        b"{",
        b"}",
        b", ",
        b"'",
        b"\"",
        b"\\",
        b"\\x4",
        b"|",
        b">",
        b"|2-",
        b" #",
        b"---",
        b"...",
        b"\n---\n",
        b"? ",
        b"&a ",
        b"*a",
        b"!!str ",
        b"<<: ",
        b"%",
        b"\r",
        b"\xff",
        b"\xc3",
        b"\0",
        b"a: ",
        b"\nb:",
        b"\xef\xbb\xbf",
        b"- - - - - - - - - - - - - - - - ",
        b"[[[[[[[[",
    ];
    let seeds = seeds.map(<[u8]>::to_vec);
    run(targets::yaml, 60_000, &seeds, pieces);
}

#[test]
fn documents_of_properties() {
    let seeds: [&[u8]; 4] = [
        b"\x01# c\na.b = 1\na.l[0].x : 2\n! c\na.l[1].x 3 \\\n  4\n",
        b"\x40a\\ b=\\u00e9\\ud83d\\ude00\\t\r\nc\\=d==\n\x0ce",
        b"\xffr[/a.b/**]=x\rcodes[404]=y\ra=1\ra.b=2",
        b"\x10\xef\xbb\xbfm[1]=1\nm[0]=0\\",
    ];
    let pieces: &[&[u8]] = &[
        b"\n",
        b"\r",
        b"=",
        b":",
        b" ",
        b"\\",
        b"\\\n",
        b"\\u",
        b"\\ud83d",
        b"00e9",
        b"#",
        b"!",
        b"a",
        b".",
        b"[0]",
        b"[1]",
        b"[",
        b"]",
        b"\xff",
        b"\xc3",
        b"\0",
        b"\x0c",
        b"\na=",
        b"\na.b=",
        b"\nm[0][0]=",
    ];
    run(
        targets::properties,
        30_000,
        &seeds.map(<[u8]>::to_vec),
        pieces,
    );
}
