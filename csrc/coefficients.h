/* Made by coefficients.py; do not edit. Hexadecimal floats are exact. */
#ifndef PYREF_COEFFICIENTS_H
#define PYREF_COEFFICIENTS_H

#define LOG2_E            0x1.71547652b82fep+0 /* 1 / log 2 */
#define LN2_HIGH          0x1.62e42ff000000p-1 /* log 2 in 32 bits, so that k * LN2_HIGH is exact */
#define LN2_LOW         -0x1.718432a1b0e26p-35 /* the rest of log 2 */

/* e^r = 1 + r + r^2 (EXP_0 + EXP_1 r + ... + EXP_9 r^9) for |r| <= (log 2)/2;
   relative error at most 1.6e-17 */
#define EXP_0             0x1.0000000000001p-1
#define EXP_1             0x1.5555555555556p-3
#define EXP_2             0x1.5555555553d68p-5
#define EXP_3             0x1.11111111109b5p-7
#define EXP_4            0x1.6c16c17889ef1p-10
#define EXP_5            0x1.a01a01a7c2efep-13
#define EXP_6            0x1.a019b9149a3cep-16
#define EXP_7            0x1.71de0db2f6ae9p-19
#define EXP_8            0x1.28917c89aa05dp-22
#define EXP_9            0x1.af389ecfcbdafp-26

/* log(1+f) = 2s + s^3 (LOG_0 + LOG_1 s^2 + ... + LOG_6 s^12) with s = f / (2+f),
   for sqrt(1/2) <= 1+f <= sqrt(2); relative error at most 4.6e-18 */
#define LOG_0             0x1.5555555555558p-1
#define LOG_1             0x1.99999999952e2p-2
#define LOG_2             0x1.2492492df148dp-2
#define LOG_3             0x1.c71c62e580090p-3
#define LOG_4             0x1.7462b4ab2f411p-3
#define LOG_5             0x1.39fe606539350p-3
#define LOG_6             0x1.2b584aaef00b2p-3

#endif
