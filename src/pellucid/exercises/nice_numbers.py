"""Numbers that are nice to work with by hand: drawn from a seed, searched for, measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pellucid.arrays import Array
from pellucid.examples import Example
from pellucid.exercises.by_hand import off_by, rounded
from pellucid.exercises.chain import Chain
from pellucid.operations import Softmax

ARR = ("query", "key", "value", "embeddings", "memory", "positions", "scores")

def input_arrays(example):
    arrays = {name: getattr(example, name) for name in ARR}
    for group in ("weights","biases"):
        arrays |= {f"{group}.{name}": array for name, array in getattr(example, group).items()}
    return {name: array for name, array in arrays.items() if isinstance(array, np.ndarray)}

def with_arrays(example, arrays):
    fields = {n: a for n, a in arrays.items() if "." not in n}
    groups = {g: {n.partition(".")[2]: a for n, a in arrays.items() if n.startswith(g + ".")} for g in ("weights", "biases")}
    return replace(example, purpose="", layout="rows", claims=(), beside=None, **fields, **groups)

CODES = 64
def table(values, zeros):
    k = round(zeros * CODES)
    rest = CODES - k
    return np.array([0.0]*k + [values[i*len(values)//rest] for i in range(rest)])

TENTHS = tuple(np.round(np.arange(1,10)/10,1))
PALETTES = [  # q, k, v
    ((1,2),(1,2),(1,2,3)),
    ((1,2),(1,2,3),(1,2)),
    ((1,2),(0.5,1,1.5),(0.2,.4,.6,.8,1)),
    ((1,2),TENTHS,TENTHS),
    ((1,-1,2),(1,-1,2),(1,2)),
    ((1,-1),(1,-1),TENTHS),
]
SPARS = (0.25,0.5,0.75,0.9,0.97)
STYLES = [(p,s) for p in PALETTES for s in SPARS]

def role(name, has_w):
    if name in ("query","weights.query"): return 0
    if name in ("key","weights.key"): return 1
    if name in ("value","weights.value"): return 2
    return 3
def values_for(name, style, unit, has_w):
    (q,k,v),s = style
    if name == "scores": return table(tuple(round(i*unit,1) for i in (1,2,3,4)), .25)
    if name in ("query",): return table(q,s)
    if name == "key": return table(k,s)
    if name == "value": return table(v,.3)
    if name in ("embeddings","memory"): return table((1,2) if has_w else k, .4 if has_w else s)
    if name == "positions": return table((1,),.5)
    if name == "weights.query": return table((1,-1),s)
    if name == "weights.key": return table(k,s)
    if name == "weights.value": return table(v,.5)
    if name == "weights.output": return table((1,-1),.5)
    return table((1,-1),.6)

class Search:
    def __init__(self, ex, seed, digits, lam=128, rounds=60):
        self.ex, self.digits = ex, digits
        self.shapes = {n: a.shape for n,a in input_arrays(ex).items()}
        self.orig = input_arrays(ex)
        self.bits = np.random.PCG64(seed)
        self.lam, self.rounds = lam, rounds
        f = 1.0
        self.unit = 0.5
        self.has_w = "weights.query" in self.shapes
        self.tables = np.array([[values_for(n, st, self.unit, self.has_w) for n in self.shapes] for st in STYLES]) # (S, inputs, CODES)
        self.sizes = [int(np.prod(s)) for s in self.shapes.values()]
        self.gene_input = np.repeat(np.arange(len(self.sizes)), self.sizes)
        self.G = sum(self.sizes)
    def raw(self, shape):
        return self.bits.random_raw(int(np.prod(shape))).reshape(shape)
    def decode(self, genomes, styles):
        vals = self.tables[styles[:,None], self.gene_input[None,:], genomes]
        out={}; o=0
        for (n,s),z in zip(self.shapes.items(), self.sizes):
            out[n]=vals[:,o:o+z].reshape(-1,*s); o+=z
        return out
    def run(self):
        S=len(STYLES); per=16
        styles=np.repeat(np.arange(S),per)
        g=(self.raw((S*per,self.G))%CODES).astype(np.int64)
        p=penalty(self.ex,self.decode(g,styles),self.digits)[0] + styles*0.01
        b=int(p.argmin()); parent=g[b]; st=styles[b]; best=p[b]-st*0.01
        self.hist=[(st,best)]
        for r in range(self.rounds):
            if best==0: break
            kids=np.repeat(parent[None],self.lam,0)
            flips=self.raw((self.lam,3,2))
            for m in range(3):
                rows=np.arange(self.lam)
                if m: rows=rows[(flips[:,0,1]>>np.uint64(20))%np.uint64(3)>=m]
                kids[rows,(flips[rows,m,0]%np.uint64(self.G)).astype(np.int64)]=(flips[rows,m,1]%np.uint64(CODES)).astype(np.int64)
            p=penalty(self.ex,self.decode(kids,np.full(self.lam,st)),self.digits)[0]
            k=int(p.argmin())
            if p[k]<=best: parent,best=kids[k],p[k]
        self.r=r
        self.best=best
        final=self.decode(parent[None],np.array([st]))
        return with_arrays(self.ex,{n:a[0] for n,a in final.items()}), penalty(self.ex, final, self.digits)[1]

def penalty(ex, inputs, digits):
    exact=Chain(ex,inputs).steps
    paper=Chain(ex,inputs,digits).steps
    B=len(next(iter(inputs.values())))
    per=lambda a: a.reshape(B,-1).sum(1)
    masked=exact["masked_scores"]; allowed=masked>-np.inf
    w=rounded(exact["weights"],digits)
    vanish=per((w==0)&allowed)
    low=np.where(allowed,w,np.inf).min(-1); high=w.max(-1)
    alike=per((allowed.sum(-1)>1)&(high<=low+1e-9))
    order=np.argsort(masked,-1); ss=np.take_along_axis(masked,order,-1); sw=np.take_along_axis(w,order,-1)
    with np.errstate(invalid="ignore"):
        ds=np.diff(ss,axis=-1)
    same=per((ds>1e-9)&np.isfinite(ds)&(np.diff(sw,axis=-1)<1e-9))
    mism=0
    for n in paper:
        if n in ("masked_scores",): continue
        mism=mism+ (per(off_by(paper[n],exact[n],digits)>0) if len(paper[n])%B==0 else 0)
    soft=rounded(Softmax().evaluate(paper["masked_scores"]),digits)
    mism=mism+per(np.abs(soft-paper["weights"])>1e-9)
    sc=exact["scaled_scores"]; u=np.abs(sc)*10**digits
    tie=per(np.abs(u-np.floor(u)-.5)<1e-6)
    huge=per(np.where(allowed,np.abs(sc),0)>5)
    dull=0
    for n in ("query","key"):
        if n in exact:
            a=exact[n]; d=a.shape[-1]
            dull=dull+per((a!=0).sum(-1)<min(2,d))+dups(a,B)
    if "value" in exact:
        v=exact["value"]
        dull=dull+per((v!=0).sum(-2)<(v.shape[-2]+1)//2)+dups(v,B)
        dull=dull+per((v.max(-2)==v.min(-2))&(v.shape[-2]>1))
    parts=dict(vanish=vanish,alike=alike,same=same,mism=mism,tie=tie,huge=huge,dull=dull)
    return 20*vanish+20*alike+2*same+mism+tie+10*huge+3*dull, {k:np.asarray(v).tolist() for k,v in parts.items()}
MIX=np.sqrt(np.arange(2,600).astype(float))
def dups(a,B):
    h=np.sort(np.round(a@MIX[:a.shape[-1]],6),-1)
    return (np.diff(h,axis=-1)==0).reshape(B,-1).sum(1) if a.shape[-2]>1 else 0
