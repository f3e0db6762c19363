import { createHash } from "node:crypto";
import { paper } from "./colour.ts";

// One column of letter paper: system fonts, nothing that loads, nothing that moves. Sizes in rem follow the reader's own setting.
const rules = `
:root{color-scheme:light dark;--paper:${paper.day};--ink:#14171a;--quiet:#4b535b;--line:#d3d8dd;--field:#59616a;--alarm:#b3140e;--focus:#0b57d0;--serif:Charter,"Iowan Old Style","Palatino Linotype",Georgia,"Times New Roman",serif}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
.page{max-width:42.5rem;margin:0 auto;padding:1.5rem min(1.25rem,5vw) 3rem}
p,ul,ol,dl,dd,blockquote,fieldset,h1,h2{margin:0;padding:0;border:0}
ul,ol{list-style:none}
a{color:inherit;text-decoration-thickness:1px;text-underline-offset:.2em}
a:hover{text-decoration-thickness:3px}
:focus-visible{outline:3px solid var(--focus);outline-offset:3px;border-radius:2px}
.name{font:600 1.25rem/1.3 var(--serif)}
.logo{display:block;max-width:14rem;max-height:4rem}
.rule{display:block;margin:1rem 0 2rem}
.night{display:none}
h1{font:600 1.75rem/1.25 var(--serif);text-wrap:balance}
h2{font-size:1.0625rem;font-weight:650;line-height:1.4}
main>*+*{margin-top:1.5rem}
.lead{color:var(--quiet)}
.quiet{color:var(--quiet);font-size:.9375rem;line-height:1.5}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.375rem 1.25rem}
.facts dt{color:var(--quiet)}
.letter{padding-left:1rem;border-left:3px solid var(--line);white-space:pre-line}
form>*+*{margin-top:1.5rem}
[type=hidden]+*{margin-top:0}
.ask label{display:block;font-weight:650}
.ask input[type=text]{display:block;width:100%;max-width:20rem;margin-top:.5rem;padding:.625rem .75rem;border:2px solid var(--field);border-radius:4px;background:var(--paper);color:var(--ink);font:inherit}
.ask .code{max-width:11rem;letter-spacing:.15em;font-variant-numeric:tabular-nums}
.terms{margin-top:.5rem;padding:1rem;border:1px solid var(--line);border-radius:4px;white-space:pre-line;font-size:.9375rem}
.tick{display:flex;gap:.75rem;align-items:flex-start;margin-top:1rem}
.tick input{flex:none;width:1.5rem;height:1.5rem;margin:.1rem 0 0;accent-color:var(--ink)}
.ask .tick label{font-weight:400}
.wrong{padding-left:1rem;border-left:4px solid var(--alarm)}
.wrong input[type=text]{border-color:var(--alarm)}
.says{margin-top:.25rem;color:var(--alarm);font-weight:650}
.alarm{padding:1rem 1.25rem;border:3px solid var(--alarm);border-radius:4px}
.alarm p{margin-top:.375rem}
.note{padding:.875rem 1.25rem;border-left:4px solid var(--field);background:color-mix(in srgb,var(--line) 35%,transparent)}
button{font:inherit;overflow-wrap:normal;cursor:pointer;min-height:2.75rem;border-radius:4px}
.second{position:relative;padding:.5rem min(1rem,3vw);border:2px solid var(--field);background:transparent;color:var(--ink);font-weight:600}
.second:hover{border-color:var(--ink);background:var(--line)}
.main{position:relative;isolation:isolate;overflow:hidden;width:100%;min-height:3.5rem;padding:.75rem 1.5rem;border:0;background:none;font-size:1.1875rem;font-weight:650}
.main svg{position:absolute;inset:0;z-index:-1}
.main:hover span{text-decoration:underline;text-underline-offset:.2em}
.white{color:#fff}
.black{color:#000}
main>.lead{margin-top:.75rem}
.path ol{display:flex;flex-wrap:wrap;gap:0 .5rem}
.path li+li::before{content:"/";content:"/" / "";margin-right:.5rem;color:var(--quiet)}
.rows{border-top:1px solid var(--line)}
.row{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.25rem min(1rem,4vw);padding:1rem 0;border-bottom:1px solid var(--line)}
.row h2{font-weight:600}
.folder{align-items:center;padding:.5rem 0}
.row>div,.row form{grid-column:2}
.row form{margin-top:.5rem}
.row:last-child{border-bottom:0}
section+section{margin-top:0}
.mark{display:block;width:min(2.5rem,11vw);aspect-ratio:5/6;color:var(--quiet)}
.mark text{font:700 10px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;}
.hide{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.empty{padding:1.5rem 0;border-top:1px solid var(--line);border-bottom:1px solid var(--line)}
footer{margin-top:3rem;padding-top:1.25rem;border-top:1px solid var(--line);color:var(--quiet);font-size:.9375rem;line-height:1.6}
footer strong{color:var(--ink);font:600 1rem/1.5 var(--serif)}
.reference{display:inline-block;color:var(--ink)}
.call{font-size:1.25rem;font-weight:650}
@media (min-width:40rem){.page{padding-top:2.5rem}h1{font-size:2.125rem}.main{width:auto;min-width:18rem}.row{grid-template-columns:auto minmax(0,1fr) auto}.row form{grid-column:3;grid-row:1;margin:0}.row>.mark{grid-row:1}}
@media (prefers-color-scheme:dark){:root{--paper:${paper.night};--ink:#eceff1;--quiet:#b0b8c0;--line:#3a4148;--field:#98a1aa;--alarm:#ff9d94;--focus:#8ab4f8}.day{display:none}.night{display:inline}.logo{padding:.5rem;border-radius:4px;background:#fff}}
@media (forced-colors:active){.main{border:2px solid ButtonText}.main svg{display:none}.main span{color:ButtonText}}
@media print{:root{--paper:#fff;--ink:#000;--quiet:#333;--line:#999}.day{display:inline}.night{display:none}.page{max-width:none;padding:0}form,.alarm,.note{display:none}.row{break-inside:avoid}a{text-decoration:none}}
`;

/** The one style of every page: the same bytes whatever the firm, the language or the state. */
export const style = rules.trim().replaceAll("\n", "");

/** What the policy allows besides nothing: `'sha256-…'` of exactly these bytes. */
export const styleHash = `'sha256-${createHash("sha256").update(style).digest("base64")}'`;
