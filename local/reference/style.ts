/** Two columns on a desk, one on a phone; no font, script or picture comes from anywhere. */
export const style = `
:root{color-scheme:light dark;--ink:light-dark(#14171a,#e8eaed);--quiet:light-dark(#4b535b,#a9b1b9);--paper:light-dark(#fff,#14171a);--shade:light-dark(#f4f5f7,#1e2226);--line:light-dark(#d3d8dd,#3a4148)}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;display:grid;grid-template-columns:17rem minmax(0,1fr);background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1rem;background:var(--shade);border-right:1px solid var(--line);font-size:.875rem}
nav ul{list-style:none;margin:0;padding:0}
nav h2{margin:1rem 0 .25rem;font-size:.875rem}
nav a{display:inline-block;padding:.125rem 0}
main{padding:1.5rem min(3rem,5vw) 4rem;max-width:60rem}
a{color:inherit;text-underline-offset:.2em;text-decoration-thickness:1px}
nav a{text-decoration:none}
a:hover{text-decoration:underline;text-decoration-thickness:2px}
:focus-visible{outline:3px solid light-dark(#0b57d0,#a8c7fa);outline-offset:2px}
h1{margin:0 0 .5rem}
main>h2{margin:3rem 0 0;padding-top:1rem;border-top:3px solid var(--ink)}
section{padding:1.5rem 0;border-bottom:1px solid var(--line)}
h3{margin:0;font-size:1.1875rem}
h4{margin:1.25rem 0 .25rem;font-size:.9375rem}
.lead,.quiet,.line span,td span{color:var(--quiet)}
.line{margin:.375rem 0}
.quiet{margin:0;font-size:.9375rem}
code,pre{font:.875rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{overflow:auto;max-height:26rem;margin:.75rem 0;padding:.75rem 1rem;background:var(--shade);border:1px solid var(--line);border-radius:4px}
table{width:100%;border-collapse:collapse;font-size:.9375rem}
th{width:42%;text-align:left;font-weight:400}
th,td{padding:.3rem .75rem .3rem 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th b{color:light-dark(#b3140e,#ff8a80)}
.method{display:inline-block;min-width:3.25em;padding:0 .4em;border-radius:3px;color:#fff;background:#4b535b;font:700 .6875rem/1.7 ui-monospace,Menlo,Consolas,monospace;text-align:center}
.get{background:#0b57d0}.post{background:#146c2e}.patch{background:#8a5000}.delete{background:#b3140e}
summary{cursor:pointer;margin-top:.75rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:.5rem 0 0}
dt{font-weight:700}dd{margin:0}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto;max-height:45vh;border:0;border-bottom:1px solid var(--line)}}
`;
